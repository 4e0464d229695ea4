package dev.drey.runtime.trace;

import java.util.stream.IntStream;

/** Headers for tests. */
public final class Headers {
  /** Of every header. */
  static final int EXPERTS_PER_TOKEN = 2;

  private Headers() {}

  /** Of a model with so many layers and experts per layer, whose experts have 1000 bytes. */
  public static TraceHeader of(int layers, int experts) {
    return new TraceHeader(
        "1.0",
        "model",
        "digest",
        "f32",
        "cpu",
        layers,
        experts,
        EXPERTS_PER_TOKEN,
        IntStream.range(0, layers).boxed().toList(),
        Math.max(2, layers * experts / 4),
        1100,
        5000,
        1000,
        "classic.lru",
        "gate.next-layer",
        1);
  }
}
