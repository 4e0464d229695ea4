package dev.drey.runtime.safetensors;

/**
 * How much of a file is taken on trust before anything is allocated.
 *
 * @param headerBytes longest header read, at most {@link #HARD_HEADER_BYTES}
 * @param tensors most tensors of one file
 */
public record SafetensorsLimits(int headerBytes, int tensors) {
  /** Longest header the format allows. */
  public static final int HARD_HEADER_BYTES = 100_000_000;

  /** 16 MiB and 200,000 tensors: many times what published files have. */
  public static final SafetensorsLimits DEFAULT = new SafetensorsLimits(16 << 20, 200_000);

  /** Checks the limits themselves. */
  public SafetensorsLimits {
    if (headerBytes < 2 || headerBytes > HARD_HEADER_BYTES || tensors < 1) {
      throw new IllegalArgumentException(
          "limits out of range: header of %d bytes (2 to %d), %d tensors (from 1)"
              .formatted(headerBytes, HARD_HEADER_BYTES, tensors));
    }
  }
}
