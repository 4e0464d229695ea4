package dev.drey.jobs.run;

/** Looks at the engines of a job. */
@FunctionalInterface
public interface EngineProbe {
  /** What the engines did so far; {@link EngineTotals#NONE} where they cannot be seen. */
  EngineTotals read();
}
