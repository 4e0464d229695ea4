package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.NormConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * What the {@code config.json} of most architectures have in common. Keys and the values they have
 * where they are absent are those of Hugging Face transformers; every architecture passes its own.
 */
final class ModelKeys {
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 10_000;
  private static final int MAX_EXPERTS = 1 << 16;
  private static final int MAX_HEADS = 1 << 12;
  private static final int MAX_VOCABULARY = 1 << 24;

  private final JsonConfig config;
  private final int hidden;
  private final int layers;
  private final int maxPositions;

  /**
   * Reads the sizes that everything else depends on.
   *
   * @param hidden {@code hidden_size} where it is absent
   * @param layers {@code num_hidden_layers} where it is absent
   * @param positions {@code max_position_embeddings} where it is absent
   */
  ModelKeys(JsonConfig config, int hidden, int layers, int positions) {
    this.config = config;
    this.hidden = width("hidden_size", hidden, config);
    requireAligned("hidden_size", this.hidden);
    this.layers = config.integer("num_hidden_layers", layers, 1, MAX_LAYERS);
    this.maxPositions = config.integer("max_position_embeddings", positions, 1, Integer.MAX_VALUE);
    config.requireText("hidden_act", "silu");
    config.requireFlag("mlp_bias", false);
  }

  private static int width(String key, int whenAbsent, JsonConfig config) {
    return config.integer(key, whenAbsent, 1, MAX_WIDTH);
  }

  /** Rows of float32 numbers begin at multiples of 16 bytes, for the sake of devices. */
  void requireAligned(String key, int width) {
    if (width % 4 != 0) {
      throw config.notImplemented(key, "a multiple of 4");
    }
  }

  int hidden() {
    return hidden;
  }

  int layers() {
    return layers;
  }

  int maxPositions() {
    return maxPositions;
  }

  /** A width; see {@link JsonConfig#integer}. */
  int width(String key, int whenAbsent) {
    return width(key, whenAbsent, config);
  }

  /** A width of which 0 means none. */
  int optionalWidth(String key, int whenAbsent) {
    return config.integer(key, whenAbsent, 0, MAX_WIDTH);
  }

  /** A number of experts, under the first of the names that has a value. */
  int experts(int whenAbsent, String... names) {
    int experts = -1;
    for (String name : names) {
      int found = config.integer(name, experts < 0 ? whenAbsent : experts, 1, MAX_EXPERTS);
      if (experts >= 0 && found != experts) {
        throw config.refuse(name, "the same number as " + names[0], "Correct one of the two.");
      }
      experts = config.has(name) ? found : experts;
    }
    return experts < 0 ? whenAbsent : experts;
  }

  /** Experts per token, at most all. */
  int expertsPerToken(String key, int whenAbsent, int experts) {
    return config.integer(key, Math.min(whenAbsent, experts), 1, experts);
  }

  /** Query heads. */
  int heads(int whenAbsent) {
    return config.integer("num_attention_heads", whenAbsent, 1, MAX_HEADS);
  }

  /** Key/value heads, a divisor of the query heads. */
  int kvHeads(int heads, int whenAbsent) {
    int kvHeads = config.integer("num_key_value_heads", Math.min(whenAbsent, heads), 1, heads);
    if (heads % kvHeads != 0) {
      throw config.refuse(
          "num_key_value_heads",
          "a divisor of the " + heads + " attention heads",
          "Correct the value.");
    }
    return kvHeads;
  }

  /** Width of a head: {@code head_dim}, or the model's width over the heads. */
  int headDim(int heads) {
    if (!config.has("head_dim") && hidden % heads != 0) {
      throw config.refuse(
          "head_dim",
          "a value, as hidden_size " + hidden + " is no multiple of " + heads + " heads",
          "Add the key.");
    }
    return config.integer("head_dim", hidden / heads, 1, 1 << 16);
  }

  /** The position embedding. */
  RotaryKeys rotary() {
    return new RotaryKeys(config, maxPositions);
  }

  /**
   * Grouped-query attention over whole rotated heads, biases by {@code attention_bias}.
   *
   * @param theta base of the rotary embedding where it is absent
   */
  GroupedQueryAttention.Builder attention(int heads, int kvHeads, double theta) {
    int queryHeads = heads(heads);
    int headDim = headDim(queryHeads);
    boolean bias = config.flag("attention_bias", false);
    return GroupedQueryAttention.of(
            queryHeads,
            kvHeads(queryHeads, kvHeads),
            headDim,
            rotary().read(headDim, theta, 1, false))
        .bias(bias, bias);
  }

  /** The window of {@code sliding_window}, on every layer, if there is one. */
  KeyRange slidingWindow() {
    int window = config.optionalInteger("sliding_window", 1, Integer.MAX_VALUE).orElse(0);
    return window == 0 ? KeyRange.ALL : KeyRange.sliding(window);
  }

  /** Refuses {@code layer_types} that ask for anything but full attention. */
  void requireFullAttention() {
    for (String type : config.texts("layer_types")) {
      if (!type.equals("full_attention")) {
        throw config.notImplemented("layer_types", "'full_attention' for every layer");
      }
    }
  }

  /** All layers with the same attention. */
  List<LayerConfig> layers(AttentionConfig attention, IntPredicate routed) {
    return layers(layer -> attention, routed);
  }

  /**
   * The layers.
   *
   * @param routed which of them have experts; at least one
   */
  List<LayerConfig> layers(IntFunction<AttentionConfig> attention, IntPredicate routed) {
    List<LayerConfig> all = new ArrayList<>();
    boolean any = false;
    for (int layer = 0; layer < layers; layer++) {
      any |= routed.test(layer);
      all.add(new LayerConfig(attention.apply(layer), routed.test(layer)));
    }
    if (!any) {
      throw config.refuse(
          "num_hidden_layers",
          "at least one layer with experts",
          "Models without experts are not supported.");
    }
    return all;
  }

  /** Layers from {@code first_k_dense_replace} on have experts. */
  IntPredicate routedBehindFirst(int whenAbsent) {
    int first = config.integer("first_k_dense_replace", whenAbsent, 0, Integer.MAX_VALUE);
    if (config.integer("moe_layer_freq", 1, 1, Integer.MAX_VALUE) != 1) {
      throw config.notImplemented("moe_layer_freq", "1");
    }
    return layer -> layer >= first;
  }

  /** Every {@code decoder_sparse_step}-th layer has experts, less {@code mlp_only_layers}. */
  IntPredicate routedBySparseStep() {
    int step = config.integer("decoder_sparse_step", 1, 1, Integer.MAX_VALUE);
    List<Integer> dense = config.integers("mlp_only_layers", 0, layers - 1);
    return layer -> (layer + 1) % step == 0 && !dense.contains(layer);
  }

  /** An RMS norm by {@code rms_norm_eps}. */
  NormConfig rmsNorm(double whenAbsent) {
    return NormConfig.rms(epsilon(whenAbsent));
  }

  /** {@code rms_norm_eps}. */
  double epsilon(double whenAbsent) {
    return config.number("rms_norm_eps", whenAbsent, Float.MIN_NORMAL, 1);
  }

  /**
   * Puts the model together.
   *
   * @param vocabulary {@code vocab_size} where it is absent
   * @param tied {@code tie_word_embeddings} where it is absent
   * @param dense width of the network of layers without experts
   */
  ModelConfig model(
      String architecture,
      int vocabulary,
      boolean tied,
      NormConfig norm,
      List<LayerConfig> decoder,
      MoeConfig moe,
      int dense) {
    return model(
        architecture, vocabulary, tied, norm, Multipliers.NONE, false, decoder, moe, dense);
  }

  /** As above, with constant factors and perhaps a bias on the output projection. */
  ModelConfig model(
      String architecture,
      int vocabulary,
      boolean tied,
      NormConfig norm,
      Multipliers multipliers,
      boolean outputBias,
      List<LayerConfig> decoder,
      MoeConfig moe,
      int dense) {
    return new ModelConfig(
        architecture,
        config.integer("vocab_size", vocabulary, 1, MAX_VOCABULARY),
        hidden,
        maxPositions,
        norm,
        multipliers,
        config.flag("tie_word_embeddings", tied),
        outputBias,
        decoder,
        moe,
        dense);
  }
}
