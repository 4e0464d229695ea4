package dev.drey.jobs.topology;

/** What is counted on the way to the sink; the names are those of the job's accumulators. */
public enum Count {
  /** Results. */
  RESULTS,
  /** Dead letters. */
  DEAD_LETTERS,
  /** Prompt tokens of the results. */
  PROMPT_TOKENS,
  /** Generated tokens of the results. */
  GENERATED_TOKENS
}
