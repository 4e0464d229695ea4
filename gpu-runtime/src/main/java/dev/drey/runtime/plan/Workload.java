package dev.drey.runtime.plan;

import java.io.Serializable;

/**
 * What the records of a job are like, on average.
 *
 * @param promptTokens tokens of a prompt, at least 1
 * @param maxTokens tokens produced for it, at least 1
 */
public record Workload(int promptTokens, int maxTokens) implements Serializable {
  public Workload {
    if (promptTokens < 1 || maxTokens < 1) {
      throw new IllegalArgumentException(
          "records need at least 1 prompt token and 1 produced token, found %d and %d"
              .formatted(promptTokens, maxTokens));
    }
  }

  /** Tokens computed for one record: the last one produced is never fed back. */
  public int computedTokens() {
    return promptTokens + maxTokens - 1;
  }
}
