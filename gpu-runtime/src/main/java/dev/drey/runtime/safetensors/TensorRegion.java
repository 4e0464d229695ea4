package dev.drey.runtime.safetensors;

import dev.drey.runtime.model.DType;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Where the elements of a tensor are: {@code bytes} bytes from {@code offset} of a file, row-major,
 * little-endian.
 *
 * @param name of the tensor in its file
 * @param file that holds it
 * @param type of its elements
 * @param shape its dimensions, outermost first; empty for a scalar
 * @param offset of the first element from the start of the file, in bytes
 * @param bytes of all elements
 */
public record TensorRegion(
    String name, Path file, DType type, long[] shape, long offset, long bytes) {

  public TensorRegion {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Type and dimensions as people write them: {@code BF16 [4096, 256]}. */
  public String describe() {
    return type + " " + Arrays.toString(shape);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorRegion that
        && name.equals(that.name)
        && file.equals(that.file)
        && type == that.type
        && Arrays.equals(shape, that.shape)
        && offset == that.offset
        && bytes == that.bytes;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * name.hashCode() + file.hashCode()) + Long.hashCode(offset);
  }

  @Override
  public String toString() {
    return name + " " + describe() + " at " + file + ":" + offset + "+" + bytes;
  }
}
