package dev.drey.runtime.checkpoint;

import static dev.drey.runtime.safetensors.ModelFileException.tensor;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Numbers of which none may be NaN or infinite when it is read. One such weight can make every
 * logit of a sequence meaningless; where it came from can then no longer be seen.
 *
 * <p>What counts is the number as the engine gets it: a float32 that is too large for bfloat16 is
 * infinite, and so is a quantised one with an impossible scale.
 */
final class FiniteNumbers implements StoredNumbers {
  /** A multiple of every block of quantised numbers. */
  private static final int CHUNK = 1 << 20;

  private static final int EXPONENT = 0x7f80;
  private static final long EXPONENTS = 0x7f80_7f80_7f80_7f80L;
  private static final long LOWEST_EXPONENT_BITS = 0x0080_0080_0080_0080L;
  private static final long SIGNS = 0x8000_8000_8000_8000L;

  private final StoredNumbers numbers;
  private final long[] shape;
  private final boolean floats;

  /**
   * Guards numbers.
   *
   * @param shape of their tensor, counted in numbers whatever the storage
   * @param floats whether they are wanted as float32; otherwise as bfloat16
   */
  FiniteNumbers(StoredNumbers numbers, long[] shape, boolean floats) {
    this.numbers = numbers;
    this.shape = shape.clone();
    this.floats = floats;
  }

  @Override
  public TensorRegion region() {
    return numbers.region();
  }

  @Override
  public long storedBytes() {
    return numbers.storedBytes();
  }

  @Override
  public boolean isExact() {
    return numbers.isExact();
  }

  @Override
  public void readBf16(long from, int count, ByteBuffer target) throws IOException {
    int start = target.position();
    numbers.readBf16(from, count, target);
    ByteBuffer read = target.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int bad = indexOfNonFinite(read.limit(target.position()).position(start).slice());
    if (bad < count) {
      throw refuse(from + bad, BFloat16.fromBits(read.getShort(start + bad * Short.BYTES)));
    }
  }

  @Override
  public void readFloats(long from, int count, float[] into, int at) throws IOException {
    numbers.readFloats(from, count, into, at);
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(into[at + i])) {
        throw refuse(from + i, into[at + i]);
      }
    }
  }

  /** Reads every number once, for the sake of the check. */
  void readAll() throws IOException {
    long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    int most = (int) Math.min(CHUNK, count);
    ByteBuffer bits =
        ByteBuffer.allocate(floats ? 0 : most * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[floats ? most : 0];
    for (long from = 0; from < count; from += most) {
      int part = (int) Math.min(most, count - from);
      if (floats) {
        readFloats(from, part, values, 0);
      } else {
        readBf16(from, part, bits.clear().limit(part * Short.BYTES));
      }
    }
  }

  /**
   * Index of the first bfloat16 that is not finite; their number if all are. Four are looked at in
   * one go: one is not finite if, and only if, all bits of its exponent are set, and adding the
   * lowest of them to the exponent alone then carries into the sign's place, and never further.
   */
  static int indexOfNonFinite(ByteBuffer bits) {
    ByteBuffer little = bits.slice().order(ByteOrder.LITTLE_ENDIAN);
    int limit = little.limit();
    int at = 0;
    while (at + 2 * Long.BYTES <= limit && (carries(little, at) | carries(little, at + 8)) == 0) {
      at += 2 * Long.BYTES;
    }
    while (at < limit && (little.getShort(at) & EXPONENT) != EXPONENT) {
      at += Short.BYTES;
    }
    return at / Short.BYTES;
  }

  private static long carries(ByteBuffer bits, int at) {
    return (bits.getLong(at) & EXPONENTS) + LOWEST_EXPONENT_BITS & SIGNS;
  }

  private ModelFileException refuse(long number, float found) {
    TensorRegion region = numbers.region();
    long[] index = new long[shape.length];
    long rest = number;
    for (int i = shape.length - 1; i >= 0; i--) {
      index[i] = rest % shape[i];
      rest /= shape[i];
    }
    return ModelFileException.of(
        region.file(),
        tensor(region.name()),
        numbers.isExact() || floats ? "finite numbers" : "finite numbers, also in bfloat16",
        "%s at number %d, index %s".formatted(found, number, Arrays.toString(index)),
        "The checkpoint is damaged or was saved from a diverged training; fetch it again, or allow"
            + " such numbers.");
  }
}
