package dev.drey.runtime.checkpoint;

import static dev.drey.runtime.safetensors.ModelFileException.tensor;

import dev.drey.runtime.checkpoint.TensorNames.ExpertNames;
import dev.drey.runtime.checkpoint.TensorNames.LayerNames;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** The weights that a model needs, each found in its files with the right type and shape. */
final class ModelWeights {
  private static final String MISMATCH =
      "config.json and weights do not belong together, or the architecture differs; fetch the model"
          + " again.";

  private final ModelConfig config;
  private final TensorNames names;
  private final Map<String, TensorRegion> regions;
  private final CheckpointSummary summary;
  private final List<LayerTensors> layers = new ArrayList<>();
  private final List<List<ExpertTensors>> experts = new ArrayList<>();

  private ModelWeights(ModelDescription model, TensorFiles files, CheckpointSummary summary) {
    this.config = model.config();
    this.names = model.names();
    this.regions = files.regions();
    this.summary = summary;
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(layerTensors(layer));
      experts.add(expertTensors(layer));
    }
  }

  /**
   * Finds and checks every weight.
   *
   * @throws ModelFileException if one is missing, has another type or shape, or if there are
   *     tensors that the architecture does not know
   */
  static ModelWeights find(Path directory, ModelDescription model, TensorFiles files) {
    ModelConfig config = model.config();
    Map<String, TensorRegion> regions = files.regions();
    long count = WeightPlan.count(config);
    if (count > 2L * regions.size() + 1000) {
      // Without naming every weight: a damaged config.json may ask for billions.
      throw ModelFileException.of(
          directory,
          null,
          count + " tensors, as config.json says",
          regions.size() + " tensors",
          MISMATCH);
    }
    List<WeightSpec> plan = WeightPlan.of(config, model.names());
    Set<String> needed = new HashSet<>();
    for (WeightSpec weight : plan) {
      needed.add(weight.name());
      check(directory, weight, regions);
    }
    for (TensorRegion region : regions.values()) {
      if (!needed.contains(region.name()) && !model.names().isSuperfluous(region.name())) {
        throw ModelFileException.of(
            region.file(),
            tensor(region.name()),
            "only tensors that a " + config.architecture() + " model of this config.json has",
            "one it does not have, " + region.describe(),
            MISMATCH);
      }
    }
    return new ModelWeights(model, files, CheckpointSummary.of(config, plan, files));
  }

  private static void check(Path directory, WeightSpec weight, Map<String, TensorRegion> regions) {
    TensorRegion region = regions.get(weight.name());
    if (region == null) {
      throw ModelFileException.of(
          directory, tensor(weight.name()), weight.describe(), "no such tensor", MISMATCH);
    }
    if (!weight.accepts(region)) {
      boolean shapeFits = weight.hasShapeOf(region);
      throw ModelFileException.of(
          region.file(),
          tensor(weight.name()),
          weight.describe(),
          region.describe(),
          shapeFits ? "This element type is not supported; convert the checkpoint." : MISMATCH);
    }
  }

  private TensorRegion region(String name) {
    return Objects.requireNonNull(regions.get(name), name);
  }

  private LayerTensors layerTensors(int layer) {
    LayerNames name = names.layer(layer);
    boolean moe = config.isMoe(layer);
    boolean qkNorm = config.attention().qkNorm();
    return new LayerTensors(
        region(name.attentionNorm()),
        region(name.query()),
        region(name.key()),
        region(name.value()),
        region(name.output()),
        qkNorm ? Optional.of(region(name.queryNorm())) : Optional.empty(),
        qkNorm ? Optional.of(region(name.keyNorm())) : Optional.empty(),
        region(name.feedForwardNorm()),
        moe ? Optional.of(region(name.router())) : Optional.empty(),
        moe ? Optional.empty() : Optional.of(expertTensors(names.dense(layer))));
  }

  private List<ExpertTensors> expertTensors(int layer) {
    List<ExpertTensors> ofLayer = new ArrayList<>();
    for (int expert = 0; config.isMoe(layer) && expert < config.moe().experts(); expert++) {
      ofLayer.add(expertTensors(names.expert(new ExpertId(layer, expert))));
    }
    return List.copyOf(ofLayer);
  }

  private ExpertTensors expertTensors(ExpertNames name) {
    return new ExpertTensors(region(name.gate()), region(name.up()), region(name.down()));
  }

  TensorRegion embedding() {
    return region(names.embedding());
  }

  TensorRegion finalNorm() {
    return region(names.finalNorm());
  }

  Optional<TensorRegion> outputProjection() {
    return config.tiedEmbeddings()
        ? Optional.empty()
        : Optional.of(region(names.outputProjection()));
  }

  LayerTensors layer(int layer) {
    return layers.get(layer);
  }

  ExpertTensors expert(ExpertId id) {
    List<ExpertTensors> ofLayer = experts.get(id.layer());
    if (id.index() < 0 || id.index() >= ofLayer.size()) {
      throw new IndexOutOfBoundsException(
          "no expert %s: the layer has %d experts".formatted(id, ofLayer.size()));
    }
    return ofLayer.get(id.index());
  }

  CheckpointSummary summary() {
    return summary;
  }
}
