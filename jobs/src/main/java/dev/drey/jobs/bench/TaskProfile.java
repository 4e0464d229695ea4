package dev.drey.jobs.bench;

import java.util.Comparator;
import java.util.HashMap;
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
 * @param engine of these, in the engine
 * @param operators in our operators
 * @param flink in Flink, by class and method
 * @param cpuNanos processor time of the process meanwhile, by kind of thread
 */
public record TaskProfile(
    int samples,
    int engine,
    int operators,
    Map<String, Integer> flink,
    Map<String, Long> cpuNanos) {
  private static final String FLINK = "org.apache.flink.";
  private static final String OURS = "dev.drey.";
  private static final String ENGINE = "dev.drey.runtime.";
  private static final int SHOWN = 5;

  /** Nothing seen. */
  static final TaskProfile EMPTY = new TaskProfile(0, 0, 0, Map.of(), Map.of());

  public TaskProfile {
    flink = Map.copyOf(flink);
    cpuNanos = Map.copyOf(cpuNanos);
  }

  /** Share of samples in Flink, from 0 to 1. */
  public double flinkShare() {
    return share(flink.values().stream().mapToInt(Integer::intValue).sum());
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

  /** Counts one stack. */
  TaskProfile plus(StackTraceElement[] stack) {
    for (StackTraceElement frame : stack) {
      String type = frame.getClassName();
      if (type.startsWith(FLINK)) {
        Map<String, Integer> more = new HashMap<>(flink);
        String name = type.substring(type.lastIndexOf('.') + 1) + "." + frame.getMethodName();
        more.merge(name, 1, Integer::sum);
        return new TaskProfile(samples + 1, engine, operators, more, cpuNanos);
      }
      if (type.startsWith(ENGINE)) {
        return new TaskProfile(samples + 1, engine + 1, operators, flink, cpuNanos);
      }
      if (type.startsWith(OURS)) {
        return new TaskProfile(samples + 1, engine, operators + 1, flink, cpuNanos);
      }
    }
    return new TaskProfile(samples + 1, engine, operators, flink, cpuNanos);
  }

  TaskProfile withCpu(Map<String, Long> nanos) {
    return new TaskProfile(samples, engine, operators, flink, nanos);
  }

  /** Where in Flink most samples were, with their share of all samples. */
  String flinkText() {
    return flink.entrySet().stream()
        .sorted(
            Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(SHOWN)
        .map(entry -> percent(entry.getKey(), share(entry.getValue())))
        .collect(Collectors.joining(", "));
  }

  /** Whose processor time it was. */
  String cpuText() {
    double all = cpuNanos.values().stream().mapToLong(Long::longValue).sum();
    return new TreeMap<>(cpuNanos)
        .entrySet().stream()
            .map(entry -> percent(entry.getKey(), entry.getValue() / all))
            .collect(Collectors.joining(", "));
  }

  private static String percent(String what, double share) {
    return String.format(Locale.ROOT, "%s %.1f %%", what, 100 * share);
  }
}
