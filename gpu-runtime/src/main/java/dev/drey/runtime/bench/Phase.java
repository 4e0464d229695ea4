package dev.drey.runtime.bench;

import java.util.Arrays;
import java.util.Locale;

/** What is measured. */
public enum Phase {
  /** Prompts are read and one token each is produced: every step in which prompts are computed. */
  PREFILL,
  /** All sequences decode together: steps of one row per sequence, after all prompts were read. */
  DECODE,
  /** Every token of a text is scored: prefill with logits of every row. */
  SCORE;

  /** Name on the command line and in reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException if it is unknown; the message lists the known ones
   */
  public static Phase parse(String text) {
    for (Phase phase : values()) {
      if (phase.label().equals(text)) {
        return phase;
      }
    }
    throw new IllegalArgumentException(
        "unknown phase '%s'; known are %s"
            .formatted(text, Arrays.stream(values()).map(Phase::label).toList()));
  }
}
