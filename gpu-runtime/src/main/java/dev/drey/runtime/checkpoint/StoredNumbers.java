package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A tensor as a row of numbers, whatever it is stored as. Reading converts. Thread-safe.
 *
 * <p>Bfloat16 results are rounded to nearest, ties to even: a loss for F32, F16 and FP8, none for
 * BF16 and MXFP4.
 */
interface StoredNumbers {
  /** The tensor, for messages; of quantised ones the one with the numbers. */
  TensorRegion region();

  /** Bytes on disk, scales included. */
  long storedBytes();

  /** Whether bfloat16 holds every number exactly. */
  boolean isExact();

  /** Appends numbers as bfloat16. */
  void readBf16(long from, int count, ByteBuffer target) throws IOException;

  /** Reads numbers. */
  void readFloats(long from, int count, float[] into, int at) throws IOException;
}
