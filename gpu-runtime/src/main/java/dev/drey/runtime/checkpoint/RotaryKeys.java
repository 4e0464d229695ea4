package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RotaryScaling;
import java.util.List;
import java.util.Set;

/**
 * The position embedding of a {@code config.json}, in the style of published checkpoints ({@code
 * rope_theta}, {@code rope_scaling}) or in that of transformers 5 ({@code rope_parameters}).
 */
final class RotaryKeys {
  private static final Set<String> UNDERSTOOD =
      Set.of(
          "rope_type",
          "type",
          "rope_theta",
          "partial_rotary_factor",
          "factor",
          "alpha",
          "beta_fast",
          "beta_slow",
          "mscale",
          "mscale_all_dim",
          "attention_factor",
          "truncate",
          "original_max_position_embeddings",
          "low_freq_factor",
          "high_freq_factor",
          "short_factor",
          "long_factor",
          "short_mscale",
          "long_mscale");
  private static final double LARGEST = 1e18;

  private final JsonConfig config;
  private final JsonConfig scaling;
  private final String type;
  private final int maxPositions;

  /**
   * @param maxPositions {@code max_position_embeddings}
   */
  RotaryKeys(JsonConfig config, int maxPositions) {
    this.config = config;
    this.scaling =
        config.object("rope_parameters").or(() -> config.object("rope_scaling")).orElse(config);
    this.maxPositions = maxPositions;
    this.type = type();
  }

  private String type() {
    if (scaling == config) {
      return "default";
    }
    scaling.requireOnly(UNDERSTOOD);
    String named =
        scaling.optionalText("rope_type").or(() -> scaling.optionalText("type")).orElse("");
    if (named.isEmpty() && scaling.has("factor")) {
      throw scaling.refuse("rope_type", "a text", "Add the key.");
    }
    return named.isEmpty() ? "default" : named;
  }

  /**
   * The embedding of heads of some width.
   *
   * @param thetaWhenAbsent base of the frequencies where no key says it
   * @param shareWhenAbsent share of a head that is rotated where no key says it
   */
  RotaryConfig read(
      int headDim, double thetaWhenAbsent, double shareWhenAbsent, boolean interleaved) {
    double theta =
        scaling.number(
            "rope_theta", config.number("rope_theta", thetaWhenAbsent, 1, LARGEST), 1, LARGEST);
    double share =
        scaling.number(
            "partial_rotary_factor",
            config.number("partial_rotary_factor", shareWhenAbsent, 0, 1),
            0,
            1);
    int dims = (int) (headDim * share);
    if (dims < 2 || dims % 2 != 0) {
      throw config.refuse(
          share == 1 ? "head_dim" : "partial_rotary_factor",
          "an even number of rotated dimensions, not " + dims,
          "Correct the value.");
    }
    return new RotaryConfig(dims, interleaved, theta, scaling(dims));
  }

  /** What YaRN multiplies the scores by in latent attention: its magnitude, squared. */
  double latentScale() {
    double allDims = scaling == config ? 0 : number("mscale_all_dim", 0);
    if (!type.equals("yarn") || allDims == 0) {
      return 1;
    }
    double magnitude = RotaryScaling.Yarn.magnitude(factor(), allDims);
    return magnitude * magnitude;
  }

  private RotaryScaling scaling(int dims) {
    return switch (type) {
      case "default" -> new RotaryScaling.None();
      case "linear" -> new RotaryScaling.Linear(factor());
      case "dynamic" -> dynamic();
      case "yarn" -> yarn();
      case "llama3" ->
          new RotaryScaling.Llama3(
              factor(),
              number("low_freq_factor", 1),
              number("high_freq_factor", 4),
              originalPositions());
      case "longrope", "su" -> longRope(dims);
      default ->
          throw scaling.notImplemented(
              scaling.has("rope_type") ? "rope_type" : "type",
              "one of default, linear, dynamic, yarn, llama3, longrope");
    };
  }

  /** Without alpha it changes nothing up to max_position_embeddings, and none are longer here. */
  private RotaryScaling dynamic() {
    double alpha = number("alpha", 0);
    return alpha == 0 ? new RotaryScaling.None() : new RotaryScaling.NtkAlpha(alpha);
  }

  private RotaryScaling yarn() {
    double factor = factor();
    double strength = number("mscale", 0);
    double allDims = number("mscale_all_dim", 0);
    double magnitude = RotaryScaling.Yarn.magnitude(factor, 1);
    if (strength != 0 && allDims != 0) {
      magnitude =
          RotaryScaling.Yarn.magnitude(factor, strength)
              / RotaryScaling.Yarn.magnitude(factor, allDims);
    }
    return new RotaryScaling.Yarn(
        factor,
        originalPositions(),
        number("beta_fast", 32),
        number("beta_slow", 1),
        scaling.flag("truncate", true),
        number("attention_factor", magnitude));
  }

  private RotaryScaling longRope(int dims) {
    List<Double> shortFactors = factors("short_factor", dims);
    List<Double> longFactors = factors("long_factor", dims);
    int original = originalPositions();
    double factor = number("factor", (double) maxPositions / original);
    double magnitude = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    double attention = number("attention_factor", magnitude);
    return new RotaryScaling.LongRope(
        shortFactors,
        longFactors,
        number("short_mscale", attention),
        number("long_mscale", attention),
        original);
  }

  private List<Double> factors(String key, int dims) {
    List<Double> factors = scaling.numbers(key);
    if (factors.size() != dims / 2) {
      throw scaling.refuse(key, dims / 2 + " numbers", "Correct the value.");
    }
    return factors;
  }

  private double factor() {
    if (!scaling.has("factor") && scaling.has("original_max_position_embeddings")) {
      return (double) maxPositions / originalPositions();
    }
    if (!scaling.has("factor")) {
      throw scaling.refuse("factor", "a number", "Add the key.");
    }
    return number("factor", 1);
  }

  private int originalPositions() {
    int whenAbsent =
        config.integer("original_max_position_embeddings", maxPositions, 1, Integer.MAX_VALUE);
    return scaling.integer("original_max_position_embeddings", whenAbsent, 1, Integer.MAX_VALUE);
  }

  private double number(String key, double whenAbsent) {
    return scaling.number(key, whenAbsent, 0, LARGEST);
  }
}
