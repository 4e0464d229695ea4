package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.RouterConfig.GroupScore;

/**
 * The experts of DeepSeek-V3 and its descendants: sigmoid scores, a bias that balances the choice,
 * groups by the sum of their two best, shared experts of a multiple of the width.
 */
final class BalancedMoe {
  private final JsonConfig config;
  private final ModelKeys keys;

  BalancedMoe(JsonConfig config, ModelKeys keys) {
    this.config = config;
    this.keys = keys;
  }

  /** Reads them; each argument is the value of a key that is absent. */
  MoeConfig read(
      int experts,
      int expertsPerToken,
      int width,
      int shared,
      int groups,
      int keptGroups,
      double scale,
      boolean normalise) {
    String scoring = config.optionalText("scoring_func").orElse("sigmoid");
    if (!scoring.equals("sigmoid") && !scoring.equals("noaux_tc")) {
      throw config.notImplemented("scoring_func", "'sigmoid'");
    }
    config.requireText("topk_method", "noaux_tc");
    int all = keys.experts(experts, "n_routed_experts", "num_experts");
    int perToken = keys.expertsPerToken("num_experts_per_tok", expertsPerToken, all);
    int expertWidth = keys.width("moe_intermediate_size", width);
    RouterConfig router =
        RouterConfig.sigmoid(config.flag("norm_topk_prob", normalise))
            .withScale(config.number("routed_scaling_factor", scale, 0, 1e6))
            .withChoiceBias();
    return MoeConfig.of(
            all,
            perToken,
            expertWidth,
            grouped(config, router, all, perToken, groups, keptGroups, GroupScore.BEST_TWO))
        .withShared(keys.optionalWidth("n_shared_experts", shared) * expertWidth, false);
  }

  /** Groups by {@code n_group} and {@code topk_group}. */
  static RouterConfig grouped(
      JsonConfig config,
      RouterConfig router,
      int experts,
      int expertsPerToken,
      int groups,
      int keptGroups,
      GroupScore score) {
    int all = config.integer("n_group", Math.min(groups, experts), 1, experts);
    int kept = config.integer("topk_group", Math.min(keptGroups, all), 1, all);
    if (experts % all != 0) {
      throw config.refuse(
          "n_group", "a divisor of the " + experts + " experts", "Correct the value.");
    }
    int inGroup = experts / all;
    if (score == GroupScore.BEST_TWO && all > 1 && inGroup < 2) {
      throw config.refuse("n_group", "groups of at least two experts", "Correct the value.");
    }
    if (expertsPerToken > kept * inGroup) {
      throw config.refuse(
          "num_experts_per_tok",
          "at most the " + kept * inGroup + " experts of " + kept + " groups",
          "Correct it, n_group or topk_group.");
    }
    return router.withGroups(all, kept, score);
  }

  /** Layers behind the last that guess tokens ahead. */
  static int furtherLayers(JsonConfig config) {
    return config.integer("num_nextn_predict_layers", 0, 0, 1000);
  }
}
