package dev.drey.runtime.predict;

import java.util.Arrays;

/**
 * What one event said of one later layer: experts it will probably need, the likeliest first. They
 * travel together, so that what carries them is woken once and not for every expert. Immutable.
 */
public final class Prediction {
  private final long step;
  private final int issuedAtLayer;
  private final int layer;
  private final int[] experts;
  private final float[] scores;

  /**
   * @param step forward pass for which it was made
   * @param issuedAtLayer layer whose router had just run; {@link ExpertPredictor#STEP_BEGIN} if the
   *     step had just begun
   * @param layer target layer
   * @param count how many entries of the arrays count
   * @param experts experts of the target layer, the likeliest first; copied
   * @param scores how strongly, of each; comparable only within one prediction; copied
   */
  public Prediction(
      long step, int issuedAtLayer, int layer, int count, int[] experts, float[] scores) {
    this.step = step;
    this.issuedAtLayer = issuedAtLayer;
    this.layer = layer;
    this.experts = Arrays.copyOf(experts, count);
    this.scores = Arrays.copyOf(scores, count);
  }

  /** Forward pass for which it was made. */
  public long step() {
    return step;
  }

  /** Layer whose router had just run, or {@link ExpertPredictor#STEP_BEGIN}. */
  public int issuedAtLayer() {
    return issuedAtLayer;
  }

  /** The layer it speaks of. */
  public int layer() {
    return layer;
  }

  /** How many experts it names. */
  public int count() {
    return experts.length;
  }

  /** An expert of the layer; the likeliest has index 0. */
  public int expert(int index) {
    return experts[index];
  }

  /** How strongly an expert is predicted. */
  public float score(int index) {
    return scores[index];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Prediction that
        && step == that.step
        && issuedAtLayer == that.issuedAtLayer
        && layer == that.layer
        && Arrays.equals(experts, that.experts)
        && Arrays.equals(scores, that.scores);
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(step) + 31 * layer + Arrays.hashCode(experts);
  }

  @Override
  public String toString() {
    return "experts %s of layer %d, predicted at layer %d of step %d"
        .formatted(Arrays.toString(experts), layer, issuedAtLayer, step);
  }
}
