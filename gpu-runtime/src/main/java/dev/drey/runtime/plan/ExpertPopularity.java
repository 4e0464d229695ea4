package dev.drey.runtime.plan;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * How likely each expert of a layer is to be chosen for a token.
 *
 * <p>The i-th most popular expert is chosen with probability {@code p_i = min(1, a * (i + 1)^-s)},
 * with {@code a} such that the probabilities add up to the number of experts per token. The skew
 * {@code s} is 0 for experts that are all alike. Tokens choose independently, so {@code B} tokens
 * touch {@code D(B) = sum over i of 1 - (1 - p_i)^B} experts, which for {@code s = 0} is {@code E
 * (1 - (1 - k / E)^B)}. The more skew, the fewer: no skew is the safe side.
 */
public final class ExpertPopularity {
  /** From here on the spread of a binomial number is small beside its mean. */
  private static final double LARGE_MEAN = 100;

  private static final double NEGLIGIBLE = 1e-6;

  private final double[] chosen;

  private ExpertPopularity(double[] chosen) {
    this.chosen = chosen;
  }

  /**
   * A distribution.
   *
   * @param experts experts of the layer
   * @param perToken experts chosen for a token
   * @param skew exponent, at least 0
   */
  public static ExpertPopularity of(int experts, int perToken, double skew) {
    if (perToken < 1 || perToken > experts || !(skew >= 0)) {
      throw new IllegalArgumentException(
          "%d of %d experts per token with skew %s".formatted(perToken, experts, skew));
    }
    double[] chosen = new double[experts];
    int certain = 0;
    double left = perToken;
    while (certain < experts) {
      double weight = 0;
      for (int i = certain; i < experts; i++) {
        weight += Math.pow(i + 1, -skew);
      }
      double scale = left / weight;
      for (int i = certain; i < experts; i++) {
        chosen[i] = scale * Math.pow(i + 1, -skew);
      }
      if (chosen[certain] <= 1) {
        break;
      }
      chosen[certain++] = 1;
      left--;
    }
    return new ExpertPopularity(chosen);
  }

  /** Number of experts. */
  int experts() {
    return chosen.length;
  }

  /** Distinct experts that so many tokens touch. */
  public double touched(double tokens) {
    return Arrays.stream(chosen).map(p -> touches(p, tokens)).sum();
  }

  /**
   * Cost of a layer's experts, each with the tokens that chose it: the expected cost of a binomial
   * number of tokens, summed over experts. It is not the cost of the mean, since products are
   * computed for whole tiles of rows.
   *
   * @param tokens may be a mean
   * @param cost of one expert with so many tokens, at least 1
   */
  double cost(double tokens, DoubleUnaryOperator cost) {
    double sum = 0;
    double last = 0;
    for (int i = 0; i < chosen.length; i++) {
      if (i == 0 || chosen[i] != chosen[i - 1]) {
        last = costOfOne(tokens, chosen[i], cost);
      }
      sum += last;
    }
    return sum;
  }

  private static double costOfOne(double tokens, double p, DoubleUnaryOperator cost) {
    double mean = tokens * p;
    if (p == 1 || mean > LARGE_MEAN) {
      return cost.applyAsDouble(Math.max(1, mean));
    }
    double mass = Math.pow(1 - p, tokens);
    double left = 1 - mass;
    double sum = 0;
    int count = 1;
    for (; count <= tokens && left > NEGLIGIBLE; count++) {
      mass *= (tokens - count + 1) / count * p / (1 - p);
      sum += mass * cost.applyAsDouble(count);
      left -= mass;
    }
    return sum + Math.max(0, left) * cost.applyAsDouble(count);
  }

  /** Of the experts that so many tokens touch, how many are among the most popular ones. */
  double touchedAmong(double mostPopular, double tokens) {
    int whole = (int) mostPopular;
    double sum = 0;
    for (int i = 0; i < Math.min(whole, chosen.length); i++) {
      sum += touches(chosen[i], tokens);
    }
    return whole < chosen.length
        ? sum + (mostPopular - whole) * touches(chosen[whole], tokens)
        : sum;
  }

  /** Of the experts that so many tokens touch, how many none of those before have touched. */
  double touchedAnew(double tokensBefore, double tokens) {
    return Arrays.stream(chosen)
        .map(p -> touches(p, tokens) * (1 - touches(p, tokensBefore)))
        .sum();
  }

  private static double touches(double probability, double tokens) {
    return 1 - Math.pow(1 - probability, tokens);
  }
}
