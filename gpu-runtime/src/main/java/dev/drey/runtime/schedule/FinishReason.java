package dev.drey.runtime.schedule;

import java.util.Locale;

/** Why a sequence ended. */
public enum FinishReason {
  /** An end token, a stop token or a stop string; for scoring: everything is scored. */
  STOP,
  /** {@code max_tokens} or the longest supported sequence. */
  LENGTH,
  /** The request's deadline passed. */
  DEADLINE;

  /** Name in results. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
