package dev.drey.operators.pipeline;

import java.io.Serializable;

/**
 * What one request may ask for, beyond what the model itself allows.
 *
 * @param maxRecordBytes most bytes of a record's value
 * @param maxPromptBytes most bytes of its text in UTF-8
 * @param defaultMaxTokens tokens generated for a request that names no number, if the context has
 *     room for as many; {@link #MODEL_DEFAULT} for the model's number, else 16 as in vLLM
 * @param maxTokens most tokens a request may ask for
 * @param maxStops most stop strings, and most stop token ids
 * @param maxStopBytes most bytes of one stop string in UTF-8
 */
public record RequestLimits(
    int maxRecordBytes,
    int maxPromptBytes,
    int defaultMaxTokens,
    int maxTokens,
    int maxStops,
    int maxStopBytes)
    implements Serializable {
  /** No number of the job's own. */
  public static final int MODEL_DEFAULT = 0;

  /** 4 MiB records, 1 MiB prompts, the model's number of tokens by default, 4096 at most. */
  public static final RequestLimits DEFAULT =
      new RequestLimits(4 << 20, 1 << 20, MODEL_DEFAULT, 4096, 16, 1024);

  public RequestLimits {
    if (maxRecordBytes < 1
        || maxPromptBytes < 1
        || defaultMaxTokens < MODEL_DEFAULT
        || maxTokens < Math.max(1, defaultMaxTokens)
        || maxStops < 0
        || maxStopBytes < 1) {
      throw new IllegalArgumentException(
          ("request limits must be positive, and max tokens at least the default: maxRecordBytes=%d"
                  + " maxPromptBytes=%d defaultMaxTokens=%d maxTokens=%d maxStops=%d"
                  + " maxStopBytes=%d")
              .formatted(
                  maxRecordBytes,
                  maxPromptBytes,
                  defaultMaxTokens,
                  maxTokens,
                  maxStops,
                  maxStopBytes));
    }
  }
}
