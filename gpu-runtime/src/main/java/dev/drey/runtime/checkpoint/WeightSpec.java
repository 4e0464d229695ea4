package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.TensorRegion;
import java.util.Arrays;
import java.util.TreeSet;

/**
 * A weight that a model needs.
 *
 * @param name of its tensor in the checkpoint
 * @param weightClass what it is for
 * @param shape its dimensions, outermost first
 */
public record WeightSpec(String name, WeightClass weightClass, long[] shape) {
  public WeightSpec {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Whether a tensor is this weight in a form that the engine takes. */
  boolean accepts(TensorRegion region) {
    return weightClass.types().contains(region.type()) && hasShapeOf(region);
  }

  /** Whether a tensor has this weight's dimensions. */
  boolean hasShapeOf(TensorRegion region) {
    return Arrays.equals(shape, region.shape());
  }

  /** Accepted types and dimensions as people write them: {@code BF16 or F32 [64]}. */
  String describe() {
    StringBuilder types = new StringBuilder();
    new TreeSet<>(weightClass.types())
        .forEach(type -> types.append(types.isEmpty() ? "" : " or ").append(type));
    return types + " " + Arrays.toString(shape);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WeightSpec that
        && name.equals(that.name)
        && weightClass == that.weightClass
        && Arrays.equals(shape, that.shape);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name + " " + describe();
  }
}
