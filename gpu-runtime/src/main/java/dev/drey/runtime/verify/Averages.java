package dev.drey.runtime.verify;

import java.util.ArrayList;
import java.util.List;

/** What is averaged over all prompts. */
final class Averages {
  private double differences;
  private long logits;
  private double divergences;
  private int rows;
  private int agreements;
  private int positions;
  private int flips;
  private int decisions;

  void countDecision(boolean same) {
    decisions++;
    flips += same ? 0 : 1;
  }

  void countArgmax(boolean same) {
    positions++;
    agreements += same ? 1 : 0;
  }

  void addLogits(float[] expected, float[] found) {
    double[] p = logSoftmax(expected);
    double[] q = logSoftmax(found);
    for (int id = 0; id < p.length; id++) {
      differences += Math.abs(expected[id] - found[id]);
      divergences += Math.exp(p[id]) * (p[id] - q[id]);
    }
    logits += p.length;
    rows++;
  }

  private static double[] logSoftmax(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    double[] result = new double[logits.length];
    for (int id = 0; id < logits.length; id++) {
      result[id] = logits[id] - max - Math.log(sum);
    }
    return result;
  }

  double meanAbs() {
    return differences / Math.max(1, logits);
  }

  double meanKl() {
    return divergences / Math.max(1, rows);
  }

  double argmaxAgreement() {
    return (double) agreements / Math.max(1, positions);
  }

  int flips() {
    return flips;
  }

  int decisions() {
    return decisions;
  }

  /** What exceeds twice the reference's own loss in bfloat16, in words. */
  List<String> failures(GoldenFile.Noise noise) {
    List<String> failures = new ArrayList<>();
    atMost(failures, "mean logit difference", meanAbs(), 2 * noise.meanAbs());
    atMost(failures, "mean KL divergence", meanKl(), 2 * noise.meanKl() + 0.01);
    atMost(failures, "routing flips", flips, 2.0 * noise.routingFlips() + 5);
    if (argmaxAgreement() < noise.argmaxAgreement() - 0.05) {
      failures.add(
          "argmax agreement is %.3f, expected at least %.3f"
              .formatted(argmaxAgreement(), noise.argmaxAgreement() - 0.05));
    }
    return failures;
  }

  private static void atMost(List<String> failures, String what, double found, double most) {
    if (!(found <= most)) {
      failures.add("%s is %.4f, expected at most %.4f".formatted(what, found, most));
    }
  }
}
