package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;
import java.util.List;

/**
 * Qwen3-Next: three layers of the gated delta rule to one of gated full attention; norms whose
 * scales are offsets from 1; a shared expert behind a sigmoid gate.
 */
final class Qwen3NextArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "qwen3_next";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 2048, 48, 32_768);
    int heads = keys.heads(16);
    int headDim = config.integer("head_dim", 256, 1, 1 << 16);
    boolean bias = config.flag("attention_bias", false);
    GroupedQueryAttention attention =
        GroupedQueryAttention.of(
                heads,
                keys.kvHeads(heads, 2),
                headDim,
                keys.rotary().read(headDim, 10_000, 0.25, false))
            .bias(bias, bias)
            .qkNorm(QkNorm.HEAD)
            .outputGate()
            .build();
    int experts = keys.experts(512, "num_experts", "num_local_experts");
    MoeConfig moe =
        MoeConfig.of(
                experts,
                keys.expertsPerToken("num_experts_per_tok", 10, experts),
                keys.width("moe_intermediate_size", 512),
                RouterConfig.softmax(config.flag("norm_topk_prob", true)))
            .withShared(keys.width("shared_expert_intermediate_size", 512), true);
    List<String> types = config.texts("layer_types");
    if (!types.isEmpty() && types.size() != keys.layers()) {
      throw config.refuse("layer_types", keys.layers() + " values", "Correct the value.");
    }
    int interval = config.integer("full_attention_interval", 4, 1, Integer.MAX_VALUE);
    GatedDeltaRule delta = delta(config, keys);
    return keys.model(
        modelType(),
        151_936,
        false,
        new NormConfig(NormConfig.Kind.RMS, (float) keys.epsilon(1e-6), true),
        keys.layers(
            layer -> isFull(config, types, layer, interval) ? attention : delta,
            keys.routedBySparseStep()),
        moe,
        keys.width("intermediate_size", 5632));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    PublishedNames names =
        new PublishedNames(model)
            .networks(Network.SHARED, "mlp.shared_expert.")
            .name(Weight.DELTA_DECAY_RATE, DELTA + "A_log")
            .name(Weight.DELTA_DECAY_BIAS, DELTA + "dt_bias")
            .name(Weight.DELTA_NORM, DELTA + "norm.weight")
            .name(Weight.DELTA_OUTPUT, DELTA + "out_proj.weight")
            .rule(
                Weight.DELTA_CONVOLUTION,
                (layer, weight) ->
                    new StoredAs(
                        layer + DELTA + "conv1d.weight",
                        new long[] {weight.outputs(), 1, weight.inputs()},
                        Placement.rowMajor(weight.inputs())));
    for (LayerConfig layer : model.decoder()) {
      if (layer.attention() instanceof GatedDeltaRule delta) {
        addDelta(names, delta);
      } else if (layer.attention() instanceof GroupedQueryAttention attention) {
        addGate(names, attention);
      }
    }
    return names;
  }

  private static final String DELTA = "linear_attn.";

  private static GatedDeltaRule delta(JsonConfig config, ModelKeys keys) {
    int keyHeads = config.integer("linear_num_key_heads", 16, 1, 1 << 12);
    int valueHeads = config.integer("linear_num_value_heads", 32, 1, 1 << 12);
    if (valueHeads % keyHeads != 0) {
      throw config.refuse(
          "linear_num_value_heads",
          "a multiple of the " + keyHeads + " key heads",
          "Correct the value.");
    }
    return new GatedDeltaRule(
        keyHeads,
        valueHeads,
        keys.width("linear_key_head_dim", 128),
        keys.width("linear_value_head_dim", 128),
        config.integer("linear_conv_kernel_dim", 4, 1, 64));
  }

  private static boolean isFull(JsonConfig config, List<String> types, int layer, int interval) {
    if (types.isEmpty()) {
      return (layer + 1) % interval == 0;
    }
    return switch (types.get(layer)) {
      case "full_attention" -> true;
      case "linear_attention" -> false;
      default ->
          throw config.notImplemented("layer_types", "'full_attention' or 'linear_attention'");
    };
  }

  /** Output gates lie beside the queries, head by head. */
  private static void addGate(PublishedNames names, GroupedQueryAttention attention) {
    int width = attention.headDim();
    int rows = 2 * attention.queryWidth();
    names
        .rows(Weight.QUERY, "self_attn.q_proj.weight", rows, 0, width, 2 * width)
        .rows(Weight.QUERY_GATE, "self_attn.q_proj.weight", rows, width, width, 2 * width)
        .rows(Weight.QUERY_BIAS, "self_attn.q_proj.bias", rows, 0, width, 2 * width)
        .rows(Weight.QUERY_GATE_BIAS, "self_attn.q_proj.bias", rows, width, width, 2 * width);
  }

  /** All projections lie in two tensors, key head by key head. */
  private static void addDelta(PublishedNames names, GatedDeltaRule delta) {
    int perKey = delta.valueHeads() / delta.keyHeads();
    int key = delta.keyWidth();
    int value = perKey * delta.valueWidth();
    int period = 2 * key + 2 * value;
    int rows = delta.keyHeads() * period;
    String mixed = DELTA + "in_proj_qkvz.weight";
    String gates = DELTA + "in_proj_ba.weight";
    names
        .rows(Weight.DELTA_QUERY, mixed, rows, 0, key, period)
        .rows(Weight.DELTA_KEY, mixed, rows, key, key, period)
        .rows(Weight.DELTA_VALUE, mixed, rows, 2 * key, value, period)
        .rows(Weight.DELTA_GATE, mixed, rows, 2 * key + value, value, period)
        .rows(Weight.DELTA_STRENGTH, gates, 2 * delta.valueHeads(), 0, perKey, 2 * perKey)
        .rows(Weight.DELTA_DECAY, gates, 2 * delta.valueHeads(), perKey, perKey, 2 * perKey);
  }
}
