package dev.drey.runtime.checkpoint;

import dev.drey.runtime.checkpoint.TensorNames.ExpertNames;
import dev.drey.runtime.checkpoint.TensorNames.LayerNames;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** Every weight that a model needs: shapes from its description, names from its architecture. */
public final class WeightPlan {
  private final ModelConfig config;
  private final TensorNames names;
  private final List<WeightSpec> weights = new ArrayList<>();

  private WeightPlan(ModelConfig config, TensorNames names) {
    this.config = config;
    this.names = names;
  }

  /** All weights, in the order in which the forward pass meets them. */
  public static List<WeightSpec> of(ModelConfig config, TensorNames names) {
    WeightPlan plan = new WeightPlan(config, names);
    plan.addAll();
    return plan.weights;
  }

  /** How many weights there are, without naming them: a description may ask for billions. */
  static long count(ModelConfig config) {
    long perLayer = config.attention().qkNorm() ? 8 : 6;
    return (config.tiedEmbeddings() ? 2 : 3)
        + perLayer * config.layers()
        + 3L * (config.layers() - config.moeLayers())
        + config.moeLayers() * (1 + 3L * config.moe().experts());
  }

  private void addAll() {
    add(names.embedding(), WeightClass.EMBEDDING, config.vocabulary(), config.hidden());
    for (int layer = 0; layer < config.layers(); layer++) {
      addAttention(names.layer(layer));
      addFeedForward(layer);
    }
    add(names.finalNorm(), WeightClass.NORM, config.hidden());
    if (!config.tiedEmbeddings()) {
      add(names.outputProjection(), WeightClass.OUTPUT, config.vocabulary(), config.hidden());
    }
  }

  private void addAttention(LayerNames layer) {
    AttentionConfig attention = config.attention();
    int hidden = config.hidden();
    add(layer.attentionNorm(), WeightClass.NORM, hidden);
    add(layer.query(), WeightClass.ATTENTION, attention.queryWidth(), hidden);
    add(layer.key(), WeightClass.ATTENTION, attention.kvWidth(), hidden);
    add(layer.value(), WeightClass.ATTENTION, attention.kvWidth(), hidden);
    add(layer.output(), WeightClass.ATTENTION, hidden, attention.queryWidth());
    if (attention.qkNorm()) {
      add(layer.queryNorm(), WeightClass.NORM, attention.headDim());
      add(layer.keyNorm(), WeightClass.NORM, attention.headDim());
    }
  }

  private void addFeedForward(int layer) {
    add(names.layer(layer).feedForwardNorm(), WeightClass.NORM, config.hidden());
    if (!config.isMoe(layer)) {
      ExpertShape shape = new ExpertShape(config.hidden(), config.denseIntermediate());
      addExpert(names.dense(layer), WeightClass.FEED_FORWARD, shape);
      return;
    }
    int experts = config.moe().experts();
    add(names.layer(layer).router(), WeightClass.ROUTER, experts, config.hidden());
    for (int expert = 0; expert < experts; expert++) {
      addExpert(
          names.expert(new ExpertId(layer, expert)), WeightClass.EXPERT, config.expertShape());
    }
  }

  private void addExpert(ExpertNames expert, WeightClass weightClass, ExpertShape shape) {
    add(expert.gate(), weightClass, shape.intermediate(), shape.hidden());
    add(expert.up(), weightClass, shape.intermediate(), shape.hidden());
    add(expert.down(), weightClass, shape.hidden(), shape.intermediate());
  }

  private void add(String name, WeightClass weightClass, long... shape) {
    weights.add(new WeightSpec(name, weightClass, shape));
  }
}
