package dev.drey.runtime.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Measured times of the products of a model, by number of rows, with all compute threads at work.
 */
public final class ProductTimes {
  /**
   * One measurement.
   *
   * @param product which
   * @param rows rows multiplied
   * @param nanos the time
   * @param flops floating-point operations in that time
   */
  public record Point(Product product, int rows, double nanos, double flops) {
    /** Operations per second. */
    public double flopsPerSecond() {
      return flops / nanos * 1e9;
    }
  }

  private final List<Point> points;
  private final Map<Product, RowTimes> byProduct = new TreeMap<>();

  /** Measurements in any order. */
  public ProductTimes(List<Point> points) {
    this.points =
        points.stream()
            .sorted(Comparator.comparing(Point::product).thenComparing(Point::rows))
            .toList();
    Map<Product, List<RowTimes.Point>> grouped = new TreeMap<>();
    for (Point point : this.points) {
      grouped
          .computeIfAbsent(point.product(), any -> new ArrayList<>())
          .add(new RowTimes.Point(point.rows(), point.nanos()));
    }
    grouped.forEach((product, times) -> byProduct.put(product, new RowTimes(times)));
  }

  /** The shorter of two measurements of the same product and rows. */
  ProductTimes better(ProductTimes other) {
    Map<List<Object>, Point> best = new HashMap<>();
    Stream.concat(points.stream(), other.points.stream())
        .forEach(
            point ->
                best.merge(
                    List.of(point.product(), point.rows()),
                    point,
                    (a, b) -> a.nanos() <= b.nanos() ? a : b));
    return new ProductTimes(List.copyOf(best.values()));
  }

  /** All measurements, by product, then rows. */
  public List<Point> points() {
    return points;
  }

  /** The highest rate of all. */
  public double peakFlopsPerSecond() {
    return points.stream().mapToDouble(Point::flopsPerSecond).max().orElse(0);
  }

  /**
   * Time of a product, see {@link RowTimes#nanos}.
   *
   * @param rows may be a mean
   * @throws IllegalArgumentException if the product was not measured
   */
  public double nanos(Product product, double rows) {
    if (rows <= 0) {
      return 0;
    }
    RowTimes times = byProduct.get(product);
    if (times == null) {
      throw new IllegalArgumentException(product + " was not measured");
    }
    return times.nanos(rows);
  }
}
