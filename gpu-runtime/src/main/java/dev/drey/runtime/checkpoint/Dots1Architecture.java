package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.QkNorm;

/** dots.llm1: multi-head attention with a norm per head, DeepSeek-V3's router. */
final class Dots1Architecture implements Architecture {
  @Override
  public String modelType() {
    return "dots1";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 4608, 62, 2048);
    GroupedQueryAttention.Builder attention = keys.attention(32, 32, 10_000).qkNorm(QkNorm.HEAD);
    int firstWindowed = config.integer("max_window_layers", 62, 0, Integer.MAX_VALUE);
    config.requireAbsent("layer_types");
    GroupedQueryAttention full = attention.build();
    GroupedQueryAttention windowed = attention.visible(keys.slidingWindow()).build();
    BalancedMoe moe = new BalancedMoe(config, keys);
    return keys.model(
        modelType(),
        152_064,
        false,
        keys.rmsNorm(1e-6),
        keys.layers(layer -> layer >= firstWindowed ? windowed : full, keys.routedBehindFirst(0)),
        moe.read(128, 6, 1408, 0, 1, 1, 1, false),
        keys.width("intermediate_size", 10_944));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model);
  }
}
