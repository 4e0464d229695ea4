package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * 4-bit numbers (E2M1) in blocks of 32 that share a power of two: OCP Microscaling Formats (MX)
 * Specification 1.0, as gpt-oss is published. Two numbers per byte, the lower nibble first.
 */
final class Mxfp4Numbers implements StoredNumbers {
  /** Numbers that share a scale. */
  static final int BLOCK = 32;

  private static final int BLOCK_BYTES = BLOCK / 2;
  private static final int SCALE_BIAS = 127;
  private static final float[] VALUES = {
    0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6
  };

  private final TensorFiles files;
  private final TensorRegion blocks;
  private final TensorRegion scales;

  /**
   * @param blocks U8, {@code BLOCK / 2} bytes per block
   * @param scales U8, one per block
   */
  Mxfp4Numbers(TensorFiles files, TensorRegion blocks, TensorRegion scales) {
    this.files = files;
    this.blocks = blocks;
    this.scales = scales;
  }

  @Override
  public TensorRegion region() {
    return blocks;
  }

  @Override
  public long storedBytes() {
    return blocks.bytes() + scales.bytes();
  }

  @Override
  public boolean isExact() {
    return true;
  }

  @Override
  public void readFloats(long from, int count, float[] into, int at) throws IOException {
    long first = from / BLOCK;
    int needed = Math.toIntExact((from + count + BLOCK - 1) / BLOCK - first);
    ByteBuffer bytes = ByteBuffer.allocate(needed * BLOCK_BYTES);
    files.read(blocks, first * BLOCK_BYTES, bytes);
    ByteBuffer exponents = ByteBuffer.allocate(needed);
    files.read(scales, first, exponents);
    for (int i = 0; i < count; i++) {
      int within = (int) (from + i - first * BLOCK);
      int pair = bytes.get(within / 2) & 0xff;
      int exponent = (exponents.get(within / BLOCK) & 0xff) - SCALE_BIAS;
      into[at + i] = Math.scalb(VALUES[within % 2 == 0 ? pair & 0xf : pair >> 4], exponent);
    }
  }
}
