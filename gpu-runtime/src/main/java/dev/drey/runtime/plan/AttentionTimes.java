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
  /** Nothing. */
  public static final AttentionTimes NONE = new AttentionTimes(0, 0, 0, 0);

  /** Time of rows that attend to so many positions each. */
  double nanos(double decodeRows, double decodeContext, double prefillRows, double prefillContext) {
    return decodeRows * (decodeRow + decodePosition * decodeContext)
        + prefillRows * (prefillRow + prefillPosition * prefillContext);
  }
}
