package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.model.WeightShape;
import java.util.EnumMap;
import java.util.Map;

/**
 * The names that most published checkpoints use, and what an architecture changes of them: other
 * names, or weights that are parts of fused tensors.
 */
final class PublishedNames implements TensorNames {
  /** How a weight of a layer is stored. */
  interface Rule {
    /**
     * @param layer what the names of the layer's tensors begin with, dot included
     */
    StoredAs at(String layer, WeightShape weight);
  }

  /** How a projection of a feed-forward network is stored. */
  interface NetworkRule {
    /**
     * @param layer what the names of the layer's tensors begin with, dot included
     * @param expert index of a routed expert; 0 for the other networks
     */
    StoredAs at(String layer, int expert, NetworkPart part);
  }

  private static final Map<Weight, String> COMMON =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(Weight.EMBEDDING, "model.embed_tokens.weight"),
              Map.entry(Weight.FINAL_NORM, "model.norm.weight"),
              Map.entry(Weight.FINAL_NORM_BIAS, "model.norm.bias"),
              Map.entry(Weight.OUTPUT, "lm_head.weight"),
              Map.entry(Weight.OUTPUT_BIAS, "lm_head.bias"),
              Map.entry(Weight.ATTENTION_NORM, "input_layernorm.weight"),
              Map.entry(Weight.ATTENTION_NORM_BIAS, "input_layernorm.bias"),
              Map.entry(Weight.FEED_FORWARD_NORM, "post_attention_layernorm.weight"),
              Map.entry(Weight.FEED_FORWARD_NORM_BIAS, "post_attention_layernorm.bias"),
              Map.entry(Weight.QUERY, "self_attn.q_proj.weight"),
              Map.entry(Weight.QUERY_BIAS, "self_attn.q_proj.bias"),
              Map.entry(Weight.KEY, "self_attn.k_proj.weight"),
              Map.entry(Weight.KEY_BIAS, "self_attn.k_proj.bias"),
              Map.entry(Weight.VALUE, "self_attn.v_proj.weight"),
              Map.entry(Weight.VALUE_BIAS, "self_attn.v_proj.bias"),
              Map.entry(Weight.ATTENTION_OUTPUT, "self_attn.o_proj.weight"),
              Map.entry(Weight.ATTENTION_OUTPUT_BIAS, "self_attn.o_proj.bias"),
              Map.entry(Weight.QUERY_NORM, "self_attn.q_norm.weight"),
              Map.entry(Weight.KEY_NORM, "self_attn.k_norm.weight"),
              Map.entry(Weight.SINKS, "self_attn.sinks"),
              Map.entry(Weight.ROUTER, "mlp.gate.weight"),
              Map.entry(Weight.CHOICE_BIAS, "mlp.gate.e_score_correction_bias"),
              Map.entry(Weight.SHARED_ROUTER, "mlp.shared_expert_gate.weight")));

  private final ModelConfig model;
  private final Map<Weight, Rule> rules = new EnumMap<>(Weight.class);
  private final Map<Network, NetworkRule> networks = new EnumMap<>(Network.class);
  private int furtherLayers;

  PublishedNames(ModelConfig model) {
    this.model = model;
    COMMON.forEach(this::name);
    networks(Network.DENSE, "mlp.");
    networks(Network.SHARED, "mlp.shared_experts.");
    networks(Network.EXPERT, "mlp.experts.");
  }

  /** A weight of its own tensor. */
  PublishedNames name(Weight weight, String name) {
    return rule(weight, (layer, shape) -> plain(layer + name, shape));
  }

  /** A weight stored in some other way. */
  PublishedNames rule(Weight weight, Rule rule) {
    rules.put(weight, rule);
    return this;
  }

  /**
   * A weight that is groups of rows of a larger tensor.
   *
   * @param storedRows rows of the tensor
   * @param first stored row of the first group
   * @param group rows per group
   * @param period stored rows from one group to the next
   */
  PublishedNames rows(
      Weight weight, String name, int storedRows, int first, int group, int period) {
    return rule(
        weight,
        (layer, shape) ->
            new StoredAs(
                layer + name,
                shape.inputs() == 1
                    ? new long[] {storedRows}
                    : new long[] {storedRows, shape.inputs()},
                Placement.rowGroups(first, group, period, shape.inputs())));
  }

  /** Networks of three tensors with the common names, behind a prefix. */
  PublishedNames networks(Network network, String prefix) {
    return networks(network, prefix, "gate_proj", "up_proj", "down_proj");
  }

  /** Networks of three tensors, behind a prefix; routed experts are numbered there. */
  PublishedNames networks(Network network, String prefix, String gate, String up, String down) {
    return network(
        network,
        (layer, expert, part) -> {
          String name =
              switch (part) {
                case GATE -> gate;
                case UP -> up;
                case DOWN -> down;
              };
          String number = network == Network.EXPERT ? expert + "." : "";
          MatrixShape shape = model.networkShape(network).part(part);
          return StoredAs.matrix(
              layer + prefix + number + name + ".weight", shape.outputs(), shape.inputs());
        });
  }

  /** Networks stored in some other way. */
  PublishedNames network(Network network, NetworkRule rule) {
    networks.put(network, rule);
    return this;
  }

  /** Experts as two tensors of all, rows as in a linear layer, gate above up. */
  PublishedNames fusedExperts(String gateUp, String down) {
    ExpertShape shape = model.expertShape();
    int hidden = shape.hidden();
    int width = shape.intermediate();
    return network(
        Network.EXPERT,
        (layer, expert, part) -> {
          if (part == NetworkPart.DOWN) {
            return new StoredAs(
                layer + down,
                new long[] {model.moe().experts(), hidden, width},
                Placement.rowMajor((long) expert * hidden * width, width));
          }
          long row = 2L * expert * width + (part == NetworkPart.UP ? width : 0);
          return new StoredAs(
              layer + gateUp,
              new long[] {model.moe().experts(), 2L * width, hidden},
              Placement.rowMajor(row * hidden, hidden));
        });
  }

  /**
   * Experts as two tensors of all, turned round: {@code [experts, inputs, outputs]}.
   *
   * @param interleaved whether gate and up alternate; otherwise all of gate comes first
   */
  PublishedNames turnedExperts(String gateUp, String down, boolean interleaved) {
    ExpertShape shape = model.expertShape();
    int hidden = shape.hidden();
    int width = shape.intermediate();
    return network(
        Network.EXPERT,
        (layer, expert, part) -> {
          if (part == NetworkPart.DOWN) {
            return new StoredAs(
                layer + down,
                new long[] {model.moe().experts(), width, hidden},
                Placement.transposed((long) expert * hidden * width, 1, hidden));
          }
          long up = interleaved ? 1 : width;
          long first = 2L * expert * hidden * width + (part == NetworkPart.UP ? up : 0);
          return new StoredAs(
              layer + gateUp,
              new long[] {model.moe().experts(), hidden, 2L * width},
              Placement.transposed(first, interleaved ? 2 : 1, 2L * width));
        });
  }

  /** Layers behind the last that a checkpoint may hold for guessing tokens ahead. */
  PublishedNames furtherLayers(int count) {
    furtherLayers = count;
    return this;
  }

  private static StoredAs plain(String name, WeightShape weight) {
    boolean vector = weight.form() == WeightShape.Form.FLOATS && weight.inputs() == 1;
    return vector
        ? StoredAs.vector(name, weight.outputs())
        : StoredAs.matrix(name, weight.outputs(), weight.inputs());
  }

  @Override
  public StoredAs global(WeightShape weight) {
    return rule(weight).at("", weight);
  }

  @Override
  public StoredAs layer(int layer, WeightShape weight) {
    return rule(weight).at(prefix(layer), weight);
  }

  private Rule rule(WeightShape weight) {
    Rule rule = rules.get(weight.weight());
    if (rule == null) {
      throw new IllegalStateException(model.architecture() + " has no name for " + weight.weight());
    }
    return rule;
  }

  @Override
  public StoredAs network(int layer, Network network, int expert, NetworkPart part) {
    NetworkRule rule = networks.get(network);
    if (rule == null) {
      throw new IllegalStateException(model.architecture() + " has no name for " + network);
    }
    return rule.at(prefix(layer), expert, part);
  }

  private static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }

  @Override
  public boolean isSuperfluous(String tensor) {
    for (int layer = 0; layer < furtherLayers; layer++) {
      if (tensor.startsWith(prefix(model.layers() + layer))) {
        return true;
      }
    }
    return (model.tiedEmbeddings() && tensor.equals(COMMON.get(Weight.OUTPUT)))
        || tensor.endsWith(".rotary_emb.inv_freq")
        || tensor.startsWith("mtp.");
  }
}
