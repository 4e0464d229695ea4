package dev.drey.runtime.safetensors;

import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Refuses weights that are not numbers, or infinite. One of them can make every logit of a sequence
 * meaningless; where it came from can then no longer be seen.
 *
 * <p>Eight bytes are looked at in one go. A floating-point value is not finite if, and only if, all
 * bits of its exponent are set; adding the lowest of them to the exponent alone then carries into
 * the sign's place, and never further.
 */
public final class NonFinite {
  private NonFinite() {}

  /**
   * The exponent in one value of {@code bits} bits; {@code exponent} 0 if every value is finite.
   */
  private record Format(int bits, long exponent) {
    static Format of(DType type) {
      return switch (type) {
        case F32 -> new Format(32, 0x7f80_0000L);
        case BF16 -> new Format(16, 0x7f80L);
        case F16 -> new Format(16, 0x7c00L);
        case U8 -> new Format(8, 0);
      };
    }

    /** A value's bits in every place of a long. */
    long everywhere(long value) {
      long all = value;
      for (int width = bits; width < Long.SIZE; width *= 2) {
        all |= all << width;
      }
      return all;
    }

    /** What a value that is not finite is. */
    String name(long value) {
      long mantissa = Long.lowestOneBit(exponent) - 1;
      boolean negative = (value >>> (bits - 1) & 1) != 0;
      return (value & mantissa) != 0 ? "NaN" : negative ? "-Infinity" : "Infinity";
    }
  }

  /**
   * Looks through a part of a tensor.
   *
   * @param tensor the bytes are part of
   * @param offset of the first byte from the start of the tensor, at a whole element
   * @param values whole elements, from position to limit; neither is moved
   * @throws ModelFileException if one is not finite, naming the first
   */
  public static void refuse(TensorRegion tensor, long offset, ByteBuffer values) {
    int size = tensor.type().bytes();
    if (offset % size != 0 || values.remaining() % size != 0) {
      throw new IllegalArgumentException(
          "tensor '%s' has elements of %d bytes, given %d bytes from %d"
              .formatted(tensor.name(), size, values.remaining(), offset));
    }
    Format format = Format.of(tensor.type());
    ByteBuffer bytes = values.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int at = format.exponent() == 0 ? bytes.limit() : indexOf(format, bytes);
    if (at < bytes.limit()) {
      long element = (offset + at - bytes.position()) / size;
      throw ModelFileException.of(
          tensor.file(),
          ModelFileException.tensor(tensor.name()),
          "finite values",
          format.name(valueAt(bytes, at, size))
              + " at element "
              + element
              + ", index "
              + Arrays.toString(indexOf(element, tensor.shape())),
          "The checkpoint is damaged or was saved from a diverged training; fetch it again, or"
              + " allow such values.");
    }
  }

  /** Where in the buffer the first value is that is not finite; the limit if there is none. */
  private static int indexOf(Format format, ByteBuffer bytes) {
    long exponents = format.everywhere(format.exponent());
    long lowest = format.everywhere(Long.lowestOneBit(format.exponent()));
    long carries = format.everywhere(1L << (format.bits() - 1));
    int limit = bytes.limit();
    int at = bytes.position();
    for (; at + 4 * Long.BYTES <= limit; at += 4 * Long.BYTES) {
      long sums =
          ((bytes.getLong(at) & exponents) + lowest)
              | ((bytes.getLong(at + 8) & exponents) + lowest)
              | ((bytes.getLong(at + 16) & exponents) + lowest)
              | ((bytes.getLong(at + 24) & exponents) + lowest);
      if ((sums & carries) != 0) {
        break;
      }
    }
    int size = format.bits() / Byte.SIZE;
    for (; at < limit; at += size) {
      if ((valueAt(bytes, at, size) & format.exponent()) == format.exponent()) {
        break;
      }
    }
    return at;
  }

  private static long valueAt(ByteBuffer bytes, int at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (bytes.get(at + i) & 0xffL) << (Byte.SIZE * i);
    }
    return value;
  }

  private static long[] indexOf(long element, long[] shape) {
    long[] index = new long[shape.length];
    long rest = element;
    for (int i = shape.length - 1; i >= 0; i--) {
      index[i] = rest % shape[i];
      rest /= shape[i];
    }
    return index;
  }
}
