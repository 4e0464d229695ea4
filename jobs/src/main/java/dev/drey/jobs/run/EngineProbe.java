package dev.drey.jobs.run;

/** Looks at the engines of this process. */
public interface EngineProbe {
  /** Sees nothing. */
  EngineProbe BLIND =
      new EngineProbe() {
        @Override
        public EngineTotals read(String job) {
          return EngineTotals.NONE;
        }

        @Override
        public long release() {
          return 0;
        }
      };

  /** What the job's engines did so far; {@link EngineTotals#NONE} if none is open. */
  EngineTotals read(String job);

  /**
   * Closes engines that no job uses any more.
   *
   * @return bytes that the engines it has read still reserve; more than 0 is a leak
   */
  long release();
}
