package dev.drey.runtime.predict;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;

/**
 * Predicts one layer's experts for one token from where the token was sent before: two layers of
 * weights with a rectifier between them, and a sigmoid for every expert. The input is sparse, one
 * number for each expert that was chosen, so the first product costs {@code chosen · hidden} and
 * the second {@code experts · hidden} multiplications.
 *
 * <p><b>Determinism.</b> Plain float arithmetic in a fixed order; the exponential is made of
 * multiplications, so that every machine gets the same bits.
 *
 * <p>One thread at a time: it keeps the units of the last token.
 */
public final class MlpNetwork {
  /** What is added to a squared gradient before its root is taken. */
  private static final float LEAST = 1e-6f;

  private final int experts;
  private final int hidden;
  private final float[] first; // [input, hidden]
  private final float[] firstBias;
  private final float[] second; // [experts, hidden]
  private final float[] secondBias;

  // -- of the last token
  private final float[] units;
  private final float[] probabilities;

  // -- of training; empty until then
  private float[] firstSquares = new float[0];
  private float[] firstBiasSquares = new float[0];
  private float[] secondSquares = new float[0];
  private float[] secondBiasSquares = new float[0];
  private final float[] unitErrors;

  /**
   * @param layers how many earlier layers it reads
   */
  MlpNetwork(int experts, int layers, int hidden) {
    this.experts = experts;
    this.hidden = hidden;
    first = new float[layers * experts * hidden];
    firstBias = new float[hidden];
    second = new float[experts * hidden];
    secondBias = new float[experts];
    units = new float[hidden];
    unitErrors = new float[hidden];
    probabilities = new float[experts];
  }

  void randomise(Random random) {
    fill(first, random, 0.3f);
    fill(second, random, (float) (1 / Math.sqrt(hidden)));
  }

  private static void fill(float[] weights, Random random, float scale) {
    for (int i = 0; i < weights.length; i++) {
      weights[i] = scale * (2 * random.nextFloat() - 1);
    }
  }

  /** Layers it reads. */
  public int layers() {
    return first.length / (experts * hidden);
  }

  /**
   * The probability of every expert.
   *
   * @param count how many inputs count
   * @param inputs numbers of the experts chosen before: the expert, plus {@code experts} for each
   *     layer farther back than the nearest
   * @param values of each
   * @return by expert; overwritten by the next call
   */
  public float[] probabilities(int count, int[] inputs, float[] values) {
    System.arraycopy(firstBias, 0, units, 0, hidden);
    for (int i = 0; i < count; i++) {
      int row = inputs[i] * hidden;
      float value = values[i];
      for (int unit = 0; unit < hidden; unit++) {
        units[unit] += value * first[row + unit];
      }
    }
    for (int unit = 0; unit < hidden; unit++) {
      units[unit] = Math.max(0, units[unit]);
    }
    for (int expert = 0; expert < experts; expert++) {
      probabilities[expert] = sigmoid(secondBias[expert] + product(expert * hidden));
    }
    return probabilities;
  }

  /** Four sums side by side, so that none waits for the other. */
  private float product(int row) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int unit = 0;
    for (; unit + 3 < hidden; unit += 4) {
      a += second[row + unit] * units[unit];
      b += second[row + unit + 1] * units[unit + 1];
      c += second[row + unit + 2] * units[unit + 2];
      d += second[row + unit + 3] * units[unit + 3];
    }
    for (; unit < hidden; unit++) {
      a += second[row + unit] * units[unit];
    }
    return (a + b) + (c + d);
  }

  /** {@code 1 / (1 + e^-x)} with e^x as {@code (1 + x/1024)^1024}. */
  private static float sigmoid(float x) {
    float power = 1 - Math.max(-20, Math.min(20, x)) / 1024;
    for (int i = 0; i < 10; i++) {
      power *= power;
    }
    return 1 / (1 + power);
  }

  // -- training

  /**
   * One step of gradient descent on the cross-entropy of one token, with a rate of its own for
   * every weight (Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
   * Optimization", 2011).
   *
   * @param chosen the experts the layer's router chose
   * @param from where in {@code chosen} they begin
   * @param ranks how many
   */
  public void learn(
      int count, int[] inputs, float[] values, int[] chosen, int from, int ranks, float rate) {
    if (firstSquares.length == 0) {
      firstSquares = new float[first.length];
      firstBiasSquares = new float[firstBias.length];
      secondSquares = new float[second.length];
      secondBiasSquares = new float[secondBias.length];
    }
    float[] errors = probabilities(count, inputs, values);
    for (int rank = 0; rank < ranks; rank++) {
      errors[chosen[from + rank]] -= 1;
    }
    Arrays.fill(unitErrors, 0);
    for (int expert = 0; expert < experts; expert++) {
      float error = errors[expert];
      int row = expert * hidden;
      for (int unit = 0; unit < hidden; unit++) {
        if (units[unit] > 0) {
          unitErrors[unit] += error * second[row + unit];
          descend(second, secondSquares, row + unit, error * units[unit], rate);
        }
      }
      descend(secondBias, secondBiasSquares, expert, error, rate);
    }
    for (int unit = 0; unit < hidden; unit++) {
      if (units[unit] > 0) {
        descend(firstBias, firstBiasSquares, unit, unitErrors[unit], rate);
        for (int i = 0; i < count; i++) {
          int at = inputs[i] * hidden + unit;
          descend(first, firstSquares, at, values[i] * unitErrors[unit], rate);
        }
      }
    }
  }

  private static void descend(
      float[] weights, float[] squares, int at, float gradient, float rate) {
    squares[at] += gradient * gradient;
    weights[at] -= rate * gradient / (float) Math.sqrt(squares[at] + LEAST);
  }

  // -- the file

  void write(DataOutputStream out) throws IOException {
    for (float[] weights : new float[][] {first, firstBias, second, secondBias}) {
      for (float weight : weights) {
        out.writeFloat(weight);
      }
    }
  }

  void read(DataInputStream in) throws IOException {
    for (float[] weights : new float[][] {first, firstBias, second, secondBias}) {
      for (int i = 0; i < weights.length; i++) {
        weights[i] = in.readFloat();
      }
    }
  }
}
