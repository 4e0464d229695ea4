package dev.drey.runtime.sampling;

/**
 * What came before a position. Arrays are not copied; they must not change during the call.
 *
 * @param sequence name for error messages
 * @param promptIds the prompt
 * @param outputIds tokens produced so far, the first {@code outputCount} entries
 * @param outputCount how many
 */
public record TokenHistory(String sequence, int[] promptIds, int[] outputIds, int outputCount) {
  /** Position, in the whole sequence, of the token to come. */
  public int position() {
    return promptIds.length + outputCount;
  }
}
