package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A checkpoint in numbers.
 *
 * @param architecture name of the architecture
 * @param files weight files
 * @param tensors tensors in them
 * @param bytes of the weights that the model needs, by what they are for; every class has an entry
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
  }

  /** Bytes of all weights that the model needs. */
  public long totalBytes() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Routed experts of the whole model. */
  public int totalExperts() {
    return moeLayers * expertsPerLayer;
  }

  /** Counts a model's weights. */
  static CheckpointSummary of(ModelConfig config, List<WeightSpec> weights, TensorFiles files) {
    Map<String, TensorRegion> regions = files.regions();
    Map<WeightClass, Long> bytes = new EnumMap<>(WeightClass.class);
    for (WeightSpec weight : weights) {
      TensorRegion region = Objects.requireNonNull(regions.get(weight.name()), weight.name());
      bytes.merge(weight.weightClass(), region.bytes(), Long::sum);
    }
    return new CheckpointSummary(
        config.architecture(),
        files.fileCount(),
        regions.size(),
        bytes,
        config.layers(),
        config.moeLayers(),
        config.moe().experts(),
        bytes.getOrDefault(WeightClass.EXPERT, 0L) / config.totalExperts());
  }
}
