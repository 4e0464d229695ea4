package dev.drey.runtime.plan;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Measured times by number of rows. */
public final class RowTimes {
  /**
   * One measurement.
   *
   * @param rows number of rows
   * @param nanos the time
   */
  public record Point(int rows, double nanos) {}

  private final List<Point> points;

  /** At least one measurement, in any order. */
  public RowTimes(List<Point> points) {
    if (points.isEmpty()) {
      throw new IllegalArgumentException("times by rows need at least one measurement");
    }
    this.points = points.stream().sorted(Comparator.comparingInt(Point::rows)).toList();
  }

  /** All measurements, by rows. */
  public List<Point> points() {
    return points;
  }

  /** The shorter of two measurements of the same rows. */
  RowTimes better(RowTimes other) {
    Map<Integer, Point> best = new TreeMap<>();
    Stream.concat(points.stream(), other.points.stream())
        .forEach(
            point -> best.merge(point.rows(), point, (a, b) -> a.nanos() <= b.nanos() ? a : b));
    return new RowTimes(List.copyOf(best.values()));
  }

  /**
   * Time of so many rows: interpolated between the nearest measurements, never less than that of
   * the fewest rows measured, at constant rate beyond the most.
   *
   * @param rows may be a mean
   */
  public double nanos(double rows) {
    if (rows <= 0) {
      return 0;
    }
    Point before = points.get(0);
    if (rows <= before.rows()) {
      return before.nanos();
    }
    for (Point point : points) {
      if (rows <= point.rows()) {
        double share = (rows - before.rows()) / (point.rows() - before.rows());
        return before.nanos() + share * (point.nanos() - before.nanos());
      }
      before = point;
    }
    return before.nanos() * rows / before.rows();
  }
}
