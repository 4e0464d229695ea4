package dev.drey.jobs.report;

import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceSink;

/** How many tokens each expert got. */
final class HeatFold implements TraceSink {
  private final long[][] tokens;

  HeatFold(TraceHeader header) {
    tokens = new long[header.layers()][header.experts()];
  }

  @Override
  public void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] rows, float[] weights) {
    for (int i = 0; i < count; i++) {
      tokens[layer][experts[i]] += rows[i];
    }
  }

  /** Tokens by layer and expert. */
  long[][] tokens() {
    return tokens;
  }
}
