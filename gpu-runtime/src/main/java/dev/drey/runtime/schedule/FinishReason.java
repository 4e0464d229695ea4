package dev.drey.runtime.schedule;

import java.util.Locale;

/** Why a sequence ended. */
public enum FinishReason {
  /** An end token, a stop token or a stop string; for scoring: everything is scored. */
  STOP,
  /** {@code max_tokens} or the longest supported sequence. */
  LENGTH,
  /** Reserved: no sequence ends for it, since requests with {@code deadline_ms} are refused. */
  DEADLINE;

  /** Name in results. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
