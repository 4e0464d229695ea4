package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A matrix of 8-bit floating-point numbers (E4M3) with one float32 scale per block of rows and
 * columns, as DeepSeek-V3 is published (arXiv 2412.19437, section 3.3).
 */
final class Fp8Numbers implements StoredNumbers {
  private static final float[] VALUES = values();

  private final TensorFiles files;
  private final TensorRegion region;
  private final int columns;
  private final int blockRows;
  private final int blockColumns;
  private final PlainNumbers scales;

  /**
   * Keeps no scales: those of a large model's experts would fill a heap.
   *
   * @param scaleRegion float32 {@code [ceil(rows / blockRows), ceil(columns / blockColumns)]}
   */
  Fp8Numbers(
      TensorFiles files,
      TensorRegion region,
      TensorRegion scaleRegion,
      int blockRows,
      int blockColumns) {
    this.files = files;
    this.region = region;
    this.columns = Math.toIntExact(region.shape()[1]);
    this.blockRows = blockRows;
    this.blockColumns = blockColumns;
    this.scales = new PlainNumbers(files, scaleRegion);
  }

  private static float[] values() {
    float[] values = new float[256];
    for (int bits = 0; bits < 256; bits++) {
      int exponent = bits >> 3 & 0xf;
      int mantissa = bits & 7;
      float magnitude =
          exponent == 0
              ? mantissa * 0x1p-9f
              : (float) ((8 + mantissa) * Math.pow(2, exponent - 10));
      boolean nan = (bits & 0x7f) == 0x7f;
      values[bits] = nan ? Float.NaN : bits < 128 ? magnitude : -magnitude;
    }
    return values;
  }

  @Override
  public TensorRegion region() {
    return region;
  }

  @Override
  public long storedBytes() {
    return region.bytes() + scales.storedBytes();
  }

  @Override
  public boolean isExact() {
    return false;
  }

  @Override
  public void readFloats(long from, int count, float[] into, int at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    files.read(region, from, bytes);
    int scalesPerRow = (columns + blockColumns - 1) / blockColumns;
    long firstBlockRow = from / columns / blockRows;
    long lastBlockRow = (from + Math.max(1, count) - 1) / columns / blockRows;
    float[] scale = new float[Math.toIntExact((lastBlockRow - firstBlockRow + 1) * scalesPerRow)];
    scales.readFloats(firstBlockRow * scalesPerRow, scale.length, scale, 0);
    for (int i = 0; i < count; i++) {
      int blockRow = (int) ((from + i) / columns / blockRows - firstBlockRow);
      int column = (int) ((from + i) % columns);
      into[at + i] =
          VALUES[bytes.get(i) & 0xff] * scale[blockRow * scalesPerRow + column / blockColumns];
    }
  }
}
