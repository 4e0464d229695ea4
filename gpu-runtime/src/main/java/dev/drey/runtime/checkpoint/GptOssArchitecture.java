package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GatedUnit;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.model.WeightShape;
import java.util.List;

/**
 * gpt-oss (OpenAI, arXiv 2508.10925): sinks, every other layer in a sliding window, a clamped
 * activation, biases throughout; experts fused, often as MXFP4.
 */
final class GptOssArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "gpt_oss";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 2880, 36, 131_072);
    int heads = keys.heads(64);
    int headDim = config.integer("head_dim", 64, 1, 1 << 16);
    boolean bias = config.flag("attention_bias", true);
    GroupedQueryAttention.Builder attention =
        GroupedQueryAttention.of(
                heads,
                keys.kvHeads(heads, 8),
                headDim,
                keys.rotary().read(headDim, 150_000, 1, false))
            .bias(bias, bias)
            .sinks();
    GroupedQueryAttention full = attention.build();
    GroupedQueryAttention sliding =
        attention
            .visible(KeyRange.sliding(config.integer("sliding_window", 128, 1, Integer.MAX_VALUE)))
            .build();
    List<String> types = config.texts("layer_types");
    if (!types.isEmpty() && types.size() != keys.layers()) {
      throw config.refuse("layer_types", keys.layers() + " values", "Correct the value.");
    }
    int experts = keys.experts(128, "num_local_experts", "num_experts");
    int width = keys.width("intermediate_size", 2880);
    keys.requireAligned("intermediate_size", width);
    MoeConfig moe =
        MoeConfig.of(
                experts,
                expertsPerToken(config, keys, experts),
                width,
                RouterConfig.softmax(true).withLogitBias())
            .withBias(GatedUnit.clamped(config.number("swiglu_limit", 7, 1e-6, 1e6)));
    return keys.model(
        modelType(),
        201_088,
        false,
        keys.rmsNorm(1e-5),
        keys.layers(layer -> isSliding(config, types, layer) ? sliding : full, layer -> true),
        moe,
        width);
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    PublishedNames names =
        new PublishedNames(model)
            .name(Weight.ROUTER, "mlp.router.weight")
            .name(Weight.ROUTER_BIAS, "mlp.router.bias")
            .name(Weight.EXPERT_DOWN_BIAS, EXPERTS + "down_proj_bias")
            .rule(Weight.EXPERT_GATE_BIAS, (layer, weight) -> everyOther(layer, weight, 0))
            .rule(Weight.EXPERT_UP_BIAS, (layer, weight) -> everyOther(layer, weight, 1));
    return Quantisation.read(config).isMxfp4()
        ? names.network(Network.EXPERT, (layer, expert, part) -> rows(model, layer, expert, part))
        : names.turnedExperts(EXPERTS + "gate_up_proj", EXPERTS + "down_proj", true);
  }

  private static final String EXPERTS = "mlp.experts.";

  private static boolean isSliding(JsonConfig config, List<String> types, int layer) {
    if (types.isEmpty()) {
      return layer % 2 == 0;
    }
    return switch (types.get(layer)) {
      case "sliding_attention" -> true;
      case "full_attention" -> false;
      default ->
          throw config.notImplemented("layer_types", "'sliding_attention' or 'full_attention'");
    };
  }

  /** Under its published name, which the older one must not contradict. */
  private static int expertsPerToken(JsonConfig config, ModelKeys keys, int experts) {
    int older = keys.expertsPerToken("experts_per_token", 4, experts);
    int k = keys.expertsPerToken("num_experts_per_tok", older, experts);
    if (config.has("experts_per_token") && older != k) {
      throw config.refuse(
          "experts_per_token", "the " + k + " of num_experts_per_tok", "Correct one of the two.");
    }
    return k;
  }

  private static StoredAs everyOther(String layer, WeightShape weight, int first) {
    long width = 2L * weight.inputs();
    return new StoredAs(
        layer + EXPERTS + "gate_up_proj_bias",
        new long[] {weight.outputs(), width},
        Placement.transposed(first, width, 2));
  }

  /** MXFP4 experts are stored row by row, gate and up alternating. */
  private static StoredAs rows(ModelConfig model, String layer, int expert, NetworkPart part) {
    int hidden = model.hidden();
    int width = model.moe().intermediate();
    if (part == NetworkPart.DOWN) {
      return new StoredAs(
          layer + EXPERTS + "down_proj",
          new long[] {model.moe().experts(), hidden, width},
          Placement.rowMajor((long) expert * hidden * width, width));
    }
    long row = 2L * expert * width + (part == NetworkPart.UP ? 1 : 0);
    return new StoredAs(
        layer + EXPERTS + "gate_up_proj",
        new long[] {model.moe().experts(), 2L * width, hidden},
        new Placement(row * hidden, Integer.MAX_VALUE, 0, 2L * hidden, 1));
  }
}
