package dev.drey.runtime.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measured times of the products of a model, by number of rows, with all compute threads at work
 * and the weights already near the cores: what arithmetic costs when memory costs nothing.
 */
public final class ProductTimes {
  /**
   * One measurement.
   *
   * @param product which
   * @param rows rows multiplied
   * @param nanos the shortest time seen
   * @param flops floating-point operations in that time
   */
  public record Point(Product product, int rows, double nanos, double flops) {
    /** Operations per second. */
    public double flopsPerSecond() {
      return flops / nanos * 1e9;
    }
  }

  private final List<Point> points;
  private final Map<Product, List<Point>> byProduct = new TreeMap<>();

  ProductTimes(List<Point> points) {
    this.points =
        points.stream()
            .sorted(Comparator.comparing(Point::product).thenComparing(Point::rows))
            .toList();
    for (Point point : this.points) {
      byProduct.computeIfAbsent(point.product(), any -> new ArrayList<>()).add(point);
    }
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
   * Time of a product: interpolated between the nearest measurements, never less than that of the
   * fewest rows measured, at constant rate beyond the most.
   *
   * @param rows may be a mean
   */
  double nanos(Product product, double rows) {
    if (rows <= 0) {
      return 0;
    }
    List<Point> known = byProduct.getOrDefault(product, List.of());
    if (known.isEmpty()) {
      throw new IllegalArgumentException(product + " was not measured");
    }
    Point before = known.get(0);
    if (rows <= before.rows()) {
      return before.nanos();
    }
    for (Point point : known) {
      if (rows <= point.rows()) {
        double share = (rows - before.rows()) / (point.rows() - before.rows());
        return before.nanos() + share * (point.nanos() - before.nanos());
      }
      before = point;
    }
    return before.nanos() * rows / before.rows();
  }
}
