package dev.drey.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LogSoftmaxTest {
  @Test
  void exponentialIsWithinTwoUnitsOfTheLastPlaceOfTheStrictOne() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 200_000; i++) {
      double x = -random.nextDouble() * (i % 2 == 0 ? 708 : 1);
      double expected = StrictMath.exp(x);
      assertThat(Math.abs(Exponential.of(x) - expected))
          .as("exp(%s)", x)
          .isLessThanOrEqualTo(2 * Math.ulp(expected));
    }
  }

  @Test
  void exponentialIsExactAtZeroAndVanishesFarBelow() {
    assertThat(Exponential.of(0)).isEqualTo(1);
    assertThat(Exponential.of(-0.0)).isEqualTo(1);
    assertThat(Exponential.of(-708)).isPositive();
    assertThat(Exponential.of(-709)).isZero();
    assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isZero();
  }

  @Test
  void exponentialNeverFallsWhereItsPiecesMeet() {
    for (int part = 1; part < 3000; part++) {
      double border = -(part - 0.5) * Math.log(2) / 64;
      for (double x = border - 1e-12; x < border + 1e-12; x += 1e-13) {
        assertThat(Exponential.of(x + 1e-13)).isGreaterThanOrEqualTo(Exponential.of(x));
      }
    }
  }

  @Test
  void logSumAgreesWithAnExactSumOverSeveralBlocks() {
    SplittableRandom random = new SplittableRandom(2);
    float[] logits = new float[5000];
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (random.nextDouble() * 40 - 20);
      max = Math.max(max, logits[i]);
    }
    BigDecimal sum = BigDecimal.ZERO;
    for (float logit : logits) {
      sum = sum.add(new BigDecimal(StrictMath.exp(logit)));
    }

    double logSum = LogSoftmax.logSum(logits, logits.length, max);

    assertThat(max + logSum).isCloseTo(StrictMath.log(sum.doubleValue()), within(1e-14 * 20));
  }

  @Test
  void reductionsReadOnlyTheGivenNumberOfLogits() {
    assertThat(LogSoftmax.logSum(new float[] {1, 1, Float.NaN}, 2, 1)).isEqualTo(StrictMath.log(2));
  }
}
