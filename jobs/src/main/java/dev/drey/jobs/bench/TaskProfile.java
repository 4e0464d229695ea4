package dev.drey.jobs.bench;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the thread of the replica's task computed while steps ran. A sample counts for the first of
 * its frames, from the top, that is Flink's or ours: whoever called into the JDK or a native
 * library answers for the time there.
 *
 * @param samples of the task's thread
 * @param engine of these, in the engine
 * @param operators in our operators
 * @param flink in Flink, by class and method
 * @param threads samples of all threads, by kind of thread
 * @param allocatedPerStep heap bytes the task's thread allocated per step
 */
public record TaskProfile(
    int samples,
    int engine,
    int operators,
    Map<String, Integer> flink,
    Map<String, Integer> threads,
    long allocatedPerStep) {
  private static final String TASK = "Source: source";
  private static final String FLINK = "org/apache/flink/";
  private static final String OURS = "dev/drey/";
  private static final String ENGINE = "dev/drey/runtime/";
  private static final int SHOWN = 5;
  private static final int SMALL_SHARE = 500;
  private static final String REST = "others together";
  private static final Collector<CharSequence, ?, String> COMMAS = Collectors.joining(", ");

  /** Pools number their threads; native names are cut off at 15 letters and followed by an id. */
  private static final Pattern POOL_NUMBER = Pattern.compile("[- #](\\d.*|tid=.*)");

  /** Nothing seen. */
  static final TaskProfile EMPTY = new TaskProfile(0, 0, 0, Map.of(), Map.of(), 0);

  public TaskProfile {
    flink = Map.copyOf(flink);
    threads = Map.copyOf(threads);
  }

  /**
   * Counts stacks as async-profiler prints them: one a line, frames from the bottom to the top with
   * a semicolon between, the thread's name in brackets before them, and the number of samples.
   *
   * @param allocatedPerStep heap bytes the task's thread allocated per step
   */
  static TaskProfile of(List<String> stacks, long allocatedPerStep) {
    Counts counts = new Counts();
    for (String stack : stacks) {
      int end = stack.lastIndexOf(' ');
      if (stack.startsWith("[") && end > 0) {
        counts.add(stack.substring(0, end).split(";"), Integer.parseInt(stack.substring(end + 1)));
      }
    }
    return new TaskProfile(
        counts.samples,
        counts.engine,
        counts.operators,
        counts.flink,
        counts.threads,
        allocatedPerStep);
  }

  private static final class Counts {
    private final Map<String, Integer> flink = new HashMap<>();
    private final Map<String, Integer> threads = new HashMap<>();
    private int samples;
    private int engine;
    private int operators;

    void add(String[] frames, int count) {
      String thread = frames[0].substring(1);
      threads.merge(kind(thread), count, Integer::sum);
      if (isTask(thread)) {
        samples += count;
        attribute(frames, count);
      }
    }

    private void attribute(String[] frames, int count) {
      for (int i = frames.length - 1; i > 0; i--) {
        String frame = frames[i];
        if (frame.startsWith(FLINK)) {
          flink.merge(frame.substring(frame.lastIndexOf('/') + 1), count, Integer::sum);
          return;
        }
        if (frame.startsWith(OURS)) {
          if (frame.startsWith(ENGINE)) {
            engine += count;
          } else {
            operators += count;
          }
          return;
        }
      }
    }
  }

  /** Whether a thread of this name runs the task of a replica. */
  static boolean isTask(String thread) {
    return thread.startsWith(TASK);
  }

  /** Threads of one pool count as one: a name up to its first number. */
  private static String kind(String thread) {
    if (isTask(thread)) {
      return "task";
    }
    if (thread.startsWith("drey-")) {
      return "engine threads";
    }
    if (thread.startsWith("prefetch")) {
      return "prefetch task";
    }
    return POOL_NUMBER.matcher(thread).replaceFirst("");
  }

  /** Share of samples in Flink, from 0 to 1. */
  public double flinkShare() {
    return share(total(flink));
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

  /** Where in Flink most samples were, with their share of the task's samples. */
  String flinkText() {
    return ranked(flink)
        .limit(SHOWN)
        .map(entry -> percent(entry.getKey(), entry.getValue(), samples))
        .collect(COMMAS);
  }

  /** Whose processor time it was, the most first; small shares are summed up. */
  String threadText() {
    int all = total(threads);
    Map<String, Integer> shown =
        threads.entrySet().stream()
            .collect(
                Collectors.toMap(
                    entry -> entry.getValue() * SMALL_SHARE < all ? REST : entry.getKey(),
                    Map.Entry::getValue,
                    Integer::sum));
    return ranked(shown).map(e -> percent(e.getKey(), e.getValue(), all)).collect(COMMAS);
  }

  private static int total(Map<String, Integer> counts) {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static Stream<Map.Entry<String, Integer>> ranked(Map<String, Integer> counts) {
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()));
  }

  private static String percent(String what, int count, int all) {
    return String.format(Locale.ROOT, "%s %.1f %%", what, 100.0 * count / all);
  }
}
