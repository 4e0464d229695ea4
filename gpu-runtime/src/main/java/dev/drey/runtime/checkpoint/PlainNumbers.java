package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers stored one by one: BF16, F16 or F32. */
final class PlainNumbers implements StoredNumbers {
  private final TensorFiles files;
  private final TensorRegion region;

  PlainNumbers(TensorFiles files, TensorRegion region) {
    this.files = files;
    this.region = region;
  }

  @Override
  public TensorRegion region() {
    return region;
  }

  @Override
  public long storedBytes() {
    return region.bytes();
  }

  @Override
  public boolean isExact() {
    return region.type() == DType.BF16;
  }

  @Override
  public void readBf16(long from, int count, ByteBuffer target) throws IOException {
    if (region.type() != DType.BF16) {
      StoredNumbers.super.readBf16(from, count, target);
      return;
    }
    int end = target.limit();
    target.limit(target.position() + count * Short.BYTES);
    files.read(region, from * Short.BYTES, target);
    target.limit(end);
  }

  @Override
  public void readFloats(long from, int count, float[] into, int at) throws IOException {
    int size = region.type().bytes();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(count, size)).order(ByteOrder.LITTLE_ENDIAN);
    files.read(region, from * size, bytes);
    bytes.flip();
    for (int i = 0; i < count; i++) {
      into[at + i] =
          switch (region.type()) {
            case F32 -> bytes.getFloat();
            case BF16 -> BFloat16.fromBits(bytes.getShort());
            case F16 -> Float16.fromBits(bytes.getShort());
            case F8_E4M3, U8 ->
                throw new IllegalStateException(region + " is not stored number by number");
          };
    }
  }
}
