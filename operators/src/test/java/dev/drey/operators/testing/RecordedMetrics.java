package dev.drey.operators.testing;

import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.CharacterFilter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;

/** Keeps metrics by their dotted name; a name given twice is an error, as it is for reporters. */
public final class RecordedMetrics implements MetricGroup {
  private final Map<String, Metric> metrics;
  private final String prefix;

  /** An empty group. */
  public RecordedMetrics() {
    this(new TreeMap<>(), "");
  }

  private RecordedMetrics(Map<String, Metric> metrics, String prefix) {
    this.metrics = metrics;
    this.prefix = prefix;
  }

  /** The value of a counter or gauge. */
  public Object value(String name) {
    Metric metric = metrics.get(name);
    if (metric instanceof Counter counter) {
      return counter.getCount();
    }
    if (metric instanceof Gauge<?> gauge) {
      return gauge.getValue();
    }
    throw new AssertionError("no counter or gauge '" + name + "' among " + metrics.keySet());
  }

  /** Number of values a histogram has seen. */
  public long count(String name) {
    if (metrics.get(name) instanceof Histogram histogram) {
      return histogram.getCount();
    }
    throw new AssertionError("no histogram '" + name + "' among " + metrics.keySet());
  }

  private <M extends Metric> M add(String name, M metric) {
    if (metrics.put(prefix + name, metric) != null) {
      throw new AssertionError("metric '" + prefix + name + "' is registered twice");
    }
    return metric;
  }

  @Override
  public Counter counter(String name) {
    return add(name, new SimpleCounter());
  }

  @Override
  public <C extends Counter> C counter(String name, C counter) {
    return add(name, counter);
  }

  @Override
  public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
    return add(name, gauge);
  }

  @Override
  public <H extends Histogram> H histogram(String name, H histogram) {
    return add(name, histogram);
  }

  @Override
  public <M extends Meter> M meter(String name, M meter) {
    return add(name, meter);
  }

  @Override
  public MetricGroup addGroup(String name) {
    return new RecordedMetrics(metrics, prefix + name + ".");
  }

  @Override
  public MetricGroup addGroup(String key, String value) {
    return new RecordedMetrics(metrics, prefix + key + "." + value + ".");
  }

  @Override
  public String[] getScopeComponents() {
    return new String[0];
  }

  @Override
  public Map<String, String> getAllVariables() {
    return Map.of();
  }

  @Override
  public String getMetricIdentifier(String name) {
    return prefix + name;
  }

  @Override
  public String getMetricIdentifier(String name, CharacterFilter filter) {
    return filter.filterCharacters(prefix + name);
  }
}
