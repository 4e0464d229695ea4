package dev.drey.runtime.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.bench.ProductTimes.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProductTimesTest {
  private static final ProductTimes TIMES =
      new ProductTimes(
          List.of(
              new Point(Product.QUERY, 16, 200, 1600),
              new Point(Product.QUERY, 4, 80, 400),
              new Point(Product.LOGITS, 4, 50, 100)));

  @Test
  void timesBetweenMeasurementsLieOnALine() {
    assertThat(TIMES.nanos(Product.QUERY, 4)).isEqualTo(80);
    assertThat(TIMES.nanos(Product.QUERY, 10)).isEqualTo(140);
    assertThat(TIMES.nanos(Product.QUERY, 16)).isEqualTo(200);
  }

  @Test
  void fewRowsTakeAsLongAsTheFewestMeasuredAndManyGoOnAtTheSameRate() {
    assertThat(TIMES.nanos(Product.QUERY, 0.5)).isEqualTo(80);
    assertThat(TIMES.nanos(Product.QUERY, 64)).isEqualTo(800);
    assertThat(TIMES.nanos(Product.QUERY, 0)).isZero();
  }

  @Test
  void thePeakIsTheHighestRateOfAll() {
    assertThat(TIMES.peakFlopsPerSecond()).isEqualTo(8e9);
  }

  @Test
  void aProductThatWasNotMeasuredIsNamed() {
    assertThatThrownBy(() -> TIMES.nanos(Product.EXPERT, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("EXPERT");
  }
}
