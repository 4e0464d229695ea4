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
        public void release() {}
      };

  /** What the job's engines did so far; {@link EngineTotals#NONE} if none is open. */
  EngineTotals read(String job);

  /** Closes engines that no job uses any more. */
  void release();
}
