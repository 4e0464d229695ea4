package dev.drey.runtime.plan;

/**
 * Measured cost of one layer's attention, a line in rows and in positions attended to.
 *
 * @param decodeRow nanoseconds per row of a sequence that decodes
 * @param decodePosition nanoseconds per position such a row attends to
 * @param prefillRow nanoseconds per row of a prompt
 * @param prefillPosition nanoseconds per position such a row attends to
 */
public record AttentionTimes(
    double decodeRow, double decodePosition, double prefillRow, double prefillPosition) {
  private static final double CONTEXT = 256;

  /** Nothing. */
  public static final AttentionTimes NONE = new AttentionTimes(0, 0, 0, 0);

  /** The lower of two lines, at a context of some blocks, for each kind of rows. */
  AttentionTimes better(AttentionTimes other) {
    boolean decode = nanos(1, CONTEXT, 0, 0) <= other.nanos(1, CONTEXT, 0, 0);
    boolean prefill = nanos(0, 0, 1, CONTEXT) <= other.nanos(0, 0, 1, CONTEXT);
    return new AttentionTimes(
        decode ? decodeRow : other.decodeRow,
        decode ? decodePosition : other.decodePosition,
        prefill ? prefillRow : other.prefillRow,
        prefill ? prefillPosition : other.prefillPosition);
  }

  /** Time of rows that attend to so many positions each. */
  double nanos(double decodeRows, double decodeContext, double prefillRows, double prefillContext) {
    return decodeRows * (decodeRow + decodePosition * decodeContext)
        + prefillRows * (prefillRow + prefillPosition * prefillContext);
  }
}
