package dev.drey.jobs.run;

import dev.drey.jobs.topology.Count;
import java.util.Map;

/**
 * What a job has sent to its sink, and how often it saved its state.
 *
 * @param results results
 * @param deadLetters dead letters
 * @param promptTokens prompt tokens of the results
 * @param generatedTokens generated tokens of the results
 * @param checkpoints checkpoints completed in this process
 */
public record JobCounts(
    long results, long deadLetters, long promptTokens, long generatedTokens, long checkpoints) {
  /** Nothing yet. */
  public static final JobCounts NONE = new JobCounts(0, 0, 0, 0, 0);

  /** From the job's accumulators. */
  static JobCounts of(Map<Count, Long> counts, long checkpoints) {
    return new JobCounts(
        counts.getOrDefault(Count.RESULTS, 0L),
        counts.getOrDefault(Count.DEAD_LETTERS, 0L),
        counts.getOrDefault(Count.PROMPT_TOKENS, 0L),
        counts.getOrDefault(Count.GENERATED_TOKENS, 0L),
        checkpoints);
  }

  /** Records answered. */
  public long outcomes() {
    return results + deadLetters;
  }

  /** Generated tokens; where nothing is generated, the tokens that were scored. */
  public long tokens() {
    return generatedTokens > 0 ? generatedTokens : promptTokens;
  }

  /** The counts as one line. */
  String line() {
    return "%d %d %d %d %d"
        .formatted(results, deadLetters, promptTokens, generatedTokens, checkpoints);
  }

  /** The counts that {@link #line} wrote. */
  static JobCounts parse(String line) {
    String[] fields = line.strip().split(" ");
    if (fields.length != 5) {
      throw new IllegalArgumentException("expected five counts, found '" + line + "'");
    }
    return new JobCounts(
        Long.parseLong(fields[0]),
        Long.parseLong(fields[1]),
        Long.parseLong(fields[2]),
        Long.parseLong(fields[3]),
        Long.parseLong(fields[4]));
  }
}
