package dev.drey.runtime.verify;

import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.RouterConfig;

/**
 * How far a run may be from the reference.
 *
 * <p>In float32 results must agree up to rounding. In bfloat16 a near-tie in the routing may flip,
 * and single logits then move far: what must hold is that the first flip is a near-tie, that
 * everything before it is close, and that averages stay within twice the reference's own loss.
 *
 * @param logits largest absolute difference of logits in float32
 * @param relativeLogits the same as a share of the row's largest magnitude
 * @param weights largest absolute difference of router weights in float32
 * @param tokenLogprob largest absolute difference of a log-probability in float32
 * @param sumLogprob the same of a sum
 * @param roundedLogits largest absolute difference of logits before any flip in bfloat16
 * @param margin largest margin of a first flip in bfloat16
 * @param roundedLogprob largest absolute difference per token of a summed log-probability in
 *     bfloat16
 */
public record Tolerances(
    double logits,
    double relativeLogits,
    double weights,
    double tokenLogprob,
    double sumLogprob,
    double roundedLogits,
    double margin,
    double roundedLogprob) {

  /**
   * The tolerances of a model. The reference computes the gated delta rule in chunks, which costs
   * it digits; SparseMixer's weights jump.
   */
  public static Tolerances of(ModelConfig model) {
    boolean delta =
        model.decoder().stream().anyMatch(layer -> layer.attention() instanceof GatedDeltaRule);
    RouterConfig router = model.moe().router();
    boolean mixer = router.score() == RouterConfig.Score.SPARSE_MIXER;
    boolean byProbability = router.choiceBias();
    return new Tolerances(
        delta ? 1e-3 : 5e-4,
        delta ? 3e-4 : 1e-4,
        1e-4,
        5e-4,
        2e-3,
        mixer ? 3 : 0.8,
        byProbability ? 0.05 : mixer || delta ? 0.5 : 0.3,
        0.5);
  }
}
