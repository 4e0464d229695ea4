package dev.drey.jobs.run;

import java.time.Duration;

/** Is told how a run goes. */
public interface Progress {
  /** Tells nobody. */
  Progress SILENT =
      new Progress() {
        @Override
        public void note(String line) {}

        @Override
        public void update(Sample sample) {}

        @Override
        public void done() {}
      };

  /**
   * How far a run is.
   *
   * @param counts outcomes so far, those before a resume included
   * @param total records there are; negative if that is not known
   * @param engines what the engines did
   * @param elapsed since this process started the run
   * @param tokensPerSecond tokens generated, or scored, per second by this process
   */
  record Sample(
      JobCounts counts,
      long total,
      EngineTotals engines,
      Duration elapsed,
      double tokensPerSecond) {}

  /** Something worth a line of its own: a warning, an address, a resume. */
  void note(String line);

  /** How far the run is; called about twice a second. */
  void update(Sample sample);

  /** The last update has been given. */
  void done();
}
