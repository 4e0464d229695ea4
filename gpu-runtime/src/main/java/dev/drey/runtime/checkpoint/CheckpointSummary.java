package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.WeightClass;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint in numbers.
 *
 * @param architecture name of the architecture
 * @param files weight files
 * @param tensors tensors in them
 * @param bytes of the weights that the model needs, by what they are for; every class has an entry
 * @param rounded element types of weights that lose precision when they are read as bfloat16
 * @param layers decoder layers
 * @param moeLayers decoder layers with experts
 * @param expertsPerLayer routed experts of such a layer
 * @param expertBytes of one routed expert as stored
 */
public record CheckpointSummary(
    String architecture,
    int files,
    int tensors,
    Map<WeightClass, Long> bytes,
    Set<DType> rounded,
    int layers,
    int moeLayers,
    int expertsPerLayer,
    long expertBytes) {

  public CheckpointSummary {
    Map<WeightClass, Long> copy = new EnumMap<>(WeightClass.class);
    for (WeightClass weightClass : WeightClass.values()) {
      copy.put(weightClass, bytes.getOrDefault(weightClass, 0L));
    }
    bytes = Collections.unmodifiableMap(copy);
    rounded = Set.copyOf(rounded);
  }

  /** Bytes of all weights that the model needs. */
  public long totalBytes() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Routed experts of the whole model. */
  public int totalExperts() {
    return moeLayers * expertsPerLayer;
  }
}
