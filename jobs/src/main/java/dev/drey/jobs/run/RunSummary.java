package dev.drey.jobs.run;

import java.time.Duration;

/**
 * How a run ended.
 *
 * @param command what was run
 * @param model name of the model
 * @param modelDigest SHA-256 of what identifies its files; empty if it was not read here
 * @param records input records; negative if their number is not known
 * @param counts what came out
 * @param engines what the engines did
 * @param elapsed time of this process
 * @param tokensPerSecond tokens generated, or scored, per second by this process
 * @param resumed whether it went on from a checkpoint of an earlier process
 */
public record RunSummary(
    String command,
    String model,
    String modelDigest,
    long records,
    JobCounts counts,
    EngineTotals engines,
    Duration elapsed,
    double tokensPerSecond,
    boolean resumed) {

  /** Whether every record has exactly one outcome. */
  public boolean isComplete() {
    return records < 0 || records == counts.outcomes();
  }

  /** The same summary with what was found when the output was joined. */
  RunSummary joined(long inputLines, long results, long deadLetters) {
    return new RunSummary(
        command,
        model,
        modelDigest,
        inputLines,
        new JobCounts(
            results,
            deadLetters,
            counts.promptTokens(),
            counts.generatedTokens(),
            counts.checkpoints()),
        engines,
        elapsed,
        tokensPerSecond,
        resumed);
  }
}
