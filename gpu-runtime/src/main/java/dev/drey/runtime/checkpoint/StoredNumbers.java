package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.BFloat16;
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
  /** Numbers converted at a time, to bound the heap: a 256 KiB float array. */
  int CONVERTED_AT_ONCE = 65_536;

  /** The tensor, for messages; of quantised ones the one with the numbers. */
  TensorRegion region();

  /** Bytes on disk, scales included. */
  long storedBytes();

  /** Whether bfloat16 holds every number exactly. */
  boolean isExact();

  /** Appends numbers as bfloat16: by default read as floats, a chunk at a time, and rounded. */
  default void readBf16(long from, int count, ByteBuffer target) throws IOException {
    float[] chunk = new float[Math.min(count, CONVERTED_AT_ONCE)];
    for (int done = 0; done < count; done += chunk.length) {
      int size = Math.min(chunk.length, count - done);
      readFloats(from + done, size, chunk, 0);
      for (int i = 0; i < size; i++) {
        target.putShort(BFloat16.toBits(chunk[i]));
      }
    }
  }

  /** Reads numbers. */
  void readFloats(long from, int count, float[] into, int at) throws IOException;
}
