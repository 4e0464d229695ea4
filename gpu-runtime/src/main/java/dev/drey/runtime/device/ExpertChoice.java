package dev.drey.runtime.device;

import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.RouterConfig.GroupScore;

/**
 * From one token's router scores to experts and weights: the part of routing that has no arithmetic
 * worth a kernel, in plain Java, so that host-side devices agree on it.
 *
 * <p>Ranks fall in the score that the choice is made by; ties go to the lower expert. Experts whose
 * score is not a number are chosen last.
 *
 * <p>Groups: DeepSeek-AI, arXiv 2405.04434 (best expert of a group) and arXiv 2412.19437 (sum of
 * its two best, scores with a bias that balances the load). SparseMixer: Liu et al., arXiv
 * 2409.12136, at inference.
 */
public final class ExpertChoice {
  private final int experts;
  private final int k;
  private final RouterConfig rule;
  private final float[] ranking;
  private final float[] groupScores;
  private final boolean[] out;

  /**
   * @param experts experts to choose from
   * @param k experts per token
   * @param rule how to choose
   */
  public ExpertChoice(int experts, int k, RouterConfig rule) {
    this.experts = experts;
    this.k = k;
    this.rule = rule;
    this.ranking = new float[experts];
    this.groupScores = new float[rule.groups()];
    this.out = new boolean[experts];
  }

  /**
   * Chooses by scores that are final but for the choice bias.
   *
   * @param scores {@code experts} numbers from {@code from}: softmax or sigmoid of the logits
   * @param choiceBias {@code experts} numbers, or of length 0 for none
   * @param entry first entry of the token in {@code routing}
   */
  public void choose(float[] scores, int from, float[] choiceBias, Routing routing, int entry) {
    for (int expert = 0; expert < experts; expert++) {
      float bias = choiceBias.length == 0 ? 0 : choiceBias[expert];
      ranking[expert] = scores[from + expert] + bias;
      out[expert] = false;
    }
    if (rule.keptGroups() < rule.groups()) {
      dropGroups();
    }
    float sum = 0;
    for (int rank = 0; rank < k; rank++) {
      int best = best();
      out[best] = true;
      float weight = scores[from + best];
      routing.experts()[entry + rank] = best;
      routing.weights()[entry + rank] = weight;
      sum += weight;
    }
    float factor = (float) rule.scale();
    for (int rank = 0; rank < k; rank++) {
      float weight = routing.weights()[entry + rank];
      routing.weights()[entry + rank] = (rule.normalise() ? weight / sum : weight) * factor;
    }
  }

  private int best() {
    int best = -1;
    for (int expert = 0; expert < experts; expert++) {
      if (!out[expert] && (best < 0 || ranking[expert] > ranking[best])) {
        best = expert;
      }
    }
    return best;
  }

  /** Leaves only the experts of the best groups in the running. */
  private void dropGroups() {
    int size = experts / rule.groups();
    for (int group = 0; group < rule.groups(); group++) {
      groupScores[group] = groupScore(group * size, size);
    }
    for (int dropped = rule.groups() - rule.keptGroups(); dropped > 0; dropped--) {
      int worst = 0;
      for (int group = 1; group < rule.groups(); group++) {
        if (groupScores[group] <= groupScores[worst]) {
          worst = group;
        }
      }
      groupScores[worst] = Float.POSITIVE_INFINITY;
      for (int expert = worst * size; expert < (worst + 1) * size; expert++) {
        out[expert] = true;
      }
    }
  }

  private float groupScore(int first, int size) {
    float best = Float.NEGATIVE_INFINITY;
    float second = Float.NEGATIVE_INFINITY;
    for (int expert = first; expert < first + size; expert++) {
      float score = ranking[expert];
      if (score > best) {
        second = best;
        best = score;
      } else if (score > second) {
        second = score;
      }
    }
    return rule.groupScore() == GroupScore.BEST || size == 1 ? best : best + second;
  }

  /**
   * Chooses by SparseMixer: the best expert, weighted by a softmax over those that come near to it;
   * then the same without the best.
   *
   * @param logits {@code experts} numbers from {@code from}
   * @param entry first entry of the token in {@code routing}
   */
  public void mix(float[] logits, int from, Routing routing, int entry) {
    for (int expert = 0; expert < experts; expert++) {
      ranking[expert] = logits[from + expert];
      out[expert] = false;
    }
    for (int rank = 0; rank < k; rank++) {
      int best = best();
      routing.experts()[entry + rank] = best;
      routing.weights()[entry + rank] = share(best);
      out[best] = true;
    }
  }

  private float share(int best) {
    float top = ranking[best];
    double total = 0;
    for (int expert = 0; expert < experts; expert++) {
      float scale = Math.max(Math.abs(ranking[expert]), top);
      boolean far = (top - ranking[expert]) / scale > 2 * rule.jitter();
      if (!out[expert] && !far) {
        total += StrictMath.exp((double) ranking[expert] - top);
      }
    }
    return (float) (1 / total);
  }
}
