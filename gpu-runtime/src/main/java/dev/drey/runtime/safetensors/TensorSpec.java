package dev.drey.runtime.safetensors;

import dev.drey.runtime.model.DType;
import java.util.Arrays;

/**
 * A tensor to be written.
 *
 * @param name unique in its file
 * @param type of its elements
 * @param shape its dimensions, outermost first; empty for a scalar
 */
public record TensorSpec(String name, DType type, long[] shape) {

  /**
   * Checks the dimensions.
   *
   * @throws IllegalArgumentException if one is negative or the bytes exceed 2^63 - 1
   */
  public TensorSpec {
    shape = shape.clone();
    if (bytes(type, shape) < 0) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' has impossible dimensions: " + Arrays.toString(shape));
    }
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Bytes of all elements. */
  public long bytes() {
    return bytes(type, shape);
  }

  /** Bytes of a tensor, or -1 if a dimension is negative or the product too large. */
  static long bytes(DType type, long[] shape) {
    long bytes = type.bytes();
    boolean empty = false;
    for (long dimension : shape) {
      if (dimension < 0) {
        return -1;
      }
      empty |= dimension == 0;
    }
    if (empty) {
      return 0;
    }
    for (long dimension : shape) {
      if (dimension > Long.MAX_VALUE / bytes) {
        return -1;
      }
      bytes *= dimension;
    }
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorSpec that
        && name.equals(that.name)
        && type == that.type
        && Arrays.equals(shape, that.shape);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return name + " " + type + " " + Arrays.toString(shape);
  }
}
