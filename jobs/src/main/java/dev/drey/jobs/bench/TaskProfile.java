package dev.drey.jobs.bench;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where the thread of the replica's task was seen while steps ran. A sample counts for the first of
 * its frames, from the top, that is Flink's or ours: whoever called into the JDK or a native
 * library answers for the time there.
 *
 * @param samples how often it was looked at
 * @param flink samples in Flink
 * @param operators in our operators
 * @param engine in the engine
 * @param cpuNanos processor time of the process meanwhile, by kind of thread
 */
public record TaskProfile(
    int samples, int flink, int operators, int engine, Map<String, Long> cpuNanos) {
  private static final String FLINK = "org.apache.flink.";
  private static final String OURS = "dev.drey.";
  private static final String ENGINE = "dev.drey.runtime.";

  public TaskProfile {
    cpuNanos = Map.copyOf(cpuNanos);
  }

  /** Share of samples in Flink, from 0 to 1. */
  public double flinkShare() {
    return share(flink);
  }

  /** Share of samples in our operators. */
  public double operatorShare() {
    return share(operators);
  }

  /** Share of samples in the engine. */
  public double engineShare() {
    return share(engine);
  }

  private double share(int count) {
    return samples == 0 ? 0 : (double) count / samples;
  }

  String cpuText() {
    long all = cpuNanos.values().stream().mapToLong(Long::longValue).sum();
    return new TreeMap<>(cpuNanos)
        .entrySet().stream()
            .map(
                kind ->
                    String.format(
                        Locale.ROOT, "%s %.1f %%", kind.getKey(), 100.0 * kind.getValue() / all))
            .collect(Collectors.joining(", "));
  }

  /** Counts one stack. */
  TaskProfile plus(StackTraceElement[] stack) {
    for (StackTraceElement frame : stack) {
      String type = frame.getClassName();
      if (type.startsWith(FLINK)) {
        return new TaskProfile(samples + 1, flink + 1, operators, engine, cpuNanos);
      }
      if (type.startsWith(ENGINE)) {
        return new TaskProfile(samples + 1, flink, operators, engine + 1, cpuNanos);
      }
      if (type.startsWith(OURS)) {
        return new TaskProfile(samples + 1, flink, operators + 1, engine, cpuNanos);
      }
    }
    return new TaskProfile(samples + 1, flink, operators, engine, cpuNanos);
  }

  TaskProfile withCpu(Map<String, Long> nanos) {
    return new TaskProfile(samples, flink, operators, engine, nanos);
  }

  /** Nothing seen yet. */
  static final TaskProfile EMPTY = new TaskProfile(0, 0, 0, 0, Map.of());
}
