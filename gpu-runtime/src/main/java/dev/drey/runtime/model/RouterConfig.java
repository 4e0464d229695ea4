package dev.drey.runtime.model;

/**
 * How router logits become a choice of experts and their weights.
 *
 * @param score what the choice is made by
 * @param normalise whether the chosen scores are divided by their sum
 * @param scale factor on the weights
 * @param groups groups that the experts are divided into; 1 for none
 * @param keptGroups groups that experts may be chosen from
 * @param groupScore what groups are chosen by
 * @param logitBias whether the router has a bias
 * @param choiceBias whether a bias is added to the scores for the choice alone
 * @param jitter of {@link Score#SPARSE_MIXER}: how near to the best another expert must come, as a
 *     share of the larger magnitude, halved, to take part in its softmax
 */
public record RouterConfig(
    Score score,
    boolean normalise,
    double scale,
    int groups,
    int keptGroups,
    GroupScore groupScore,
    boolean logitBias,
    boolean choiceBias,
    double jitter) {

  /** What experts are chosen by. */
  public enum Score {
    /** Softmax over all experts. */
    SOFTMAX,
    /** Sigmoid of each. */
    SIGMOID,
    /** SparseMixer-v2 (Liu et al., arXiv 2409.12136) at inference: two experts, one by one. */
    SPARSE_MIXER
  }

  /** What groups of experts are chosen by. */
  public enum GroupScore {
    /** Their best expert. */
    BEST,
    /** The sum of their two best. */
    BEST_TWO
  }

  public RouterConfig {
    if (groups < 1 || keptGroups < 1 || keptGroups > groups) {
      throw new IllegalArgumentException(keptGroups + " of " + groups + " groups");
    }
  }

  /** Softmax over all experts. */
  public static RouterConfig softmax(boolean normalise) {
    return of(Score.SOFTMAX, normalise);
  }

  /** Sigmoid of each expert. */
  public static RouterConfig sigmoid(boolean normalise) {
    return of(Score.SIGMOID, normalise);
  }

  /** SparseMixer. */
  public static RouterConfig sparseMixer(double jitter) {
    return new RouterConfig(
        Score.SPARSE_MIXER, false, 1, 1, 1, GroupScore.BEST, false, false, jitter);
  }

  private static RouterConfig of(Score score, boolean normalise) {
    return new RouterConfig(score, normalise, 1, 1, 1, GroupScore.BEST, false, false, 0);
  }

  /** With a factor on the weights. */
  public RouterConfig withScale(double factor) {
    return new RouterConfig(
        score, normalise, factor, groups, keptGroups, groupScore, logitBias, choiceBias, jitter);
  }

  /** With groups. */
  public RouterConfig withGroups(int all, int kept, GroupScore by) {
    return new RouterConfig(score, normalise, scale, all, kept, by, logitBias, choiceBias, jitter);
  }

  /** With a bias on the logits. */
  public RouterConfig withLogitBias() {
    return new RouterConfig(
        score, normalise, scale, groups, keptGroups, groupScore, true, choiceBias, jitter);
  }

  /** With a bias for the choice alone. */
  public RouterConfig withChoiceBias() {
    return new RouterConfig(
        score, normalise, scale, groups, keptGroups, groupScore, logitBias, true, jitter);
  }
}
