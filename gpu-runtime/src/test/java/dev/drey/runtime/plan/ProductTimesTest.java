package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.plan.ProductTimes.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProductTimesTest {
  private static final Product QUERY = new Product(Product.Kind.MATRIX, new MatrixShape(12, 8));
  private static final Product LOGITS = new Product(Product.Kind.LOGITS, new MatrixShape(100, 8));
  private static final Product EXPERT = new Product(Product.Kind.EXPERT, new MatrixShape(6, 8));
  private static final ProductTimes TIMES =
      new ProductTimes(
          List.of(
              new Point(QUERY, 16, 200, 1600),
              new Point(QUERY, 4, 80, 400),
              new Point(LOGITS, 4, 50, 100)));

  @Test
  void timesBetweenMeasurementsLieOnALine() {
    assertThat(TIMES.nanos(QUERY, 4)).isEqualTo(80);
    assertThat(TIMES.nanos(QUERY, 10)).isEqualTo(140);
    assertThat(TIMES.nanos(QUERY, 16)).isEqualTo(200);
  }

  @Test
  void fewRowsTakeAsLongAsTheFewestMeasuredAndManyGoOnAtTheSameRate() {
    assertThat(TIMES.nanos(QUERY, 0.5)).isEqualTo(80);
    assertThat(TIMES.nanos(QUERY, 64)).isEqualTo(800);
    assertThat(TIMES.nanos(QUERY, 0)).isZero();
  }

  @Test
  void theBetterOfTwoMeasurementsIsTheShorterPointByPoint() {
    ProductTimes again =
        new ProductTimes(
            List.of(
                new Point(QUERY, 16, 250, 1600),
                new Point(QUERY, 4, 60, 400),
                new Point(QUERY, 8, 90, 800)));

    ProductTimes better = TIMES.better(again);

    assertThat(better.points())
        .containsExactly(
            new Point(QUERY, 4, 60, 400),
            new Point(QUERY, 8, 90, 800),
            new Point(QUERY, 16, 200, 1600),
            new Point(LOGITS, 4, 50, 100));
  }

  @Test
  void thePeakIsTheHighestRateOfAll() {
    assertThat(TIMES.peakFlopsPerSecond()).isEqualTo(8e9);
  }

  @Test
  void aProductThatWasNotMeasuredIsNamed() {
    assertThatThrownBy(() -> TIMES.nanos(EXPERT, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("EXPERT");
  }
}
