package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;

/**
 * Where the rows of a step were sent by the layers run last, as inputs of a {@link MlpNetwork}. Of
 * each row and layer the weights are scaled so that their mean is 1: models differ in what they sum
 * to. Grows with the largest step; one thread at a time.
 */
public final class MlpInputs {
  private final int experts;
  private final int ranks;
  private final int context;
  private final int[] inputs;
  private final float[] values;
  private int[] chosen = new int[0]; // [context, rows, ranks], the layer of place p at p % context
  private float[] weights = new float[0];
  private int rows;

  /** Inputs of networks of a model. */
  public MlpInputs(PredictorShape shape, MlpSizes sizes) {
    experts = shape.experts();
    ranks = shape.expertsPerToken();
    context = sizes.context();
    inputs = new int[context * ranks];
    values = new float[context * ranks];
  }

  /** A step of so many rows begins. */
  public void begin(int newRows) {
    rows = newRows;
    int entries = context * rows * ranks;
    if (chosen.length < entries) {
      chosen = new int[entries];
      weights = new float[entries];
    }
  }

  /** The layer at a place has been routed. */
  public void add(int place, Routing routing) {
    int at = place % context * rows * ranks;
    for (int row = 0; row < rows; row++) {
      float sum = 0;
      for (int rank = 0; rank < ranks; rank++) {
        sum += routing.weights()[row * ranks + rank];
      }
      float scale = sum > 0 ? ranks / sum : 0;
      for (int i = row * ranks; i < (row + 1) * ranks; i++) {
        chosen[at + i] = routing.experts()[i];
        weights[at + i] = scale * routing.weights()[i];
      }
    }
  }

  /**
   * Gathers what a network reads of a row.
   *
   * @param place the layer routed last
   * @param layers how many layers, back from there
   * @return how many inputs there are
   */
  public int gather(int place, int layers, int row) {
    int count = 0;
    for (int back = 0; back < layers; back++) {
      int at = ((place - back) % context * rows + row) * ranks;
      for (int rank = 0; rank < ranks; rank++) {
        inputs[count] = back * experts + chosen[at + rank];
        values[count++] = weights[at + rank];
      }
    }
    return count;
  }

  /** Numbers of what was gathered last. */
  public int[] inputs() {
    return inputs;
  }

  /** Values of what was gathered last. */
  public float[] values() {
    return values;
  }
}
