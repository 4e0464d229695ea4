package dev.drey.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.AnonymousMemory;
import dev.drey.it.testing.Artifacts;
import dev.drey.it.testing.FirstStep;
import dev.drey.it.testing.ForkedDrey;
import dev.drey.it.testing.ForkedJvm;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.synth.SyntheticModel;
import dev.drey.runtime.synth.SyntheticSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code drey generate} costs by the number of its records: the same per record however many
 * there are, no memory, and nothing before the first step. Every run is a process of its own, runs
 * of different length take turns.
 */
@Tag("benchmark")
class BulkCostTest {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int GROUP = 32;
  private static final int FEW = 10 * GROUP;
  private static final int MANY = 200 * GROUP;

  /** Computed before the time begins, in long and short runs alike. */
  private static final int WARM_UP = 48 * GROUP;

  /** Keeps the group full until the time ends. */
  private static final int TAIL = 3 * GROUP;

  private static final int PAIRS = 3;
  private static final double SPEED_MARGIN = 0.05;
  private static final long MIB = 1 << 20;
  private static final long MEMORY_MARGIN = 16 * MIB;
  private static final int MANY_TO_START = 100_000;
  private static final Duration START_MARGIN = Duration.ofMillis(250);
  private static final Duration FIRST_STEP_LIMIT = Duration.ofSeconds(5);

  @TempDir private static Path directory;
  private static int runs;

  private record Bulk(double tokensPerSecond, long mostBytes) {}

  @Test
  void tokensPerSecondAndMemoryAreFlatFromTenToTwoHundredGroups() throws Exception {
    List<Bulk> few = new ArrayList<>();
    List<Bulk> many = new ArrayList<>();
    few.add(bulk(FEW));
    for (int pair = 0; pair < PAIRS; pair++) {
      many.add(bulk(MANY));
      few.add(bulk(FEW));
    }

    // each long run beside the short ones before and after it: the machine's speed changes
    double ratio =
        median(
            IntStream.range(0, PAIRS)
                .mapToDouble(
                    i ->
                        2
                            * many.get(i).tokensPerSecond()
                            / (few.get(i).tokensPerSecond() + few.get(i + 1).tokensPerSecond())));
    double growth =
        median(many.stream().mapToDouble(Bulk::mostBytes))
            - median(few.stream().mapToDouble(Bulk::mostBytes));
    System.out.printf(
        "%d records after %d to warm up: %.0f tokens/s, %.0f MiB; %d records: %.0f tokens/s, %.0f MiB;"
            + " ratio %.3f, growth %.1f MiB%n",
        FEW,
        WARM_UP,
        median(few.stream().mapToDouble(Bulk::tokensPerSecond)),
        median(few.stream().mapToDouble(Bulk::mostBytes)) / MIB,
        MANY,
        median(many.stream().mapToDouble(Bulk::tokensPerSecond)),
        median(many.stream().mapToDouble(Bulk::mostBytes)) / MIB,
        ratio,
        growth / MIB);
    assertThat(ratio).isBetween(1 - SPEED_MARGIN, 1 + SPEED_MARGIN);
    assertThat(growth).isLessThan(MEMORY_MARGIN);
  }

  private static Bulk bulk(int records) throws Exception {
    Path place = place();
    Path input = sampleRecords(place, WARM_UP + records + TAIL);
    Path trace = place.resolve("trace");
    List<String> arguments = onSampleModel(place, input);
    arguments.addAll(List.of("--trace", trace.toString()));
    long most;
    try (ForkedJvm process = ForkedDrey.start(place, ForkedDrey.FIXED_HEAP, arguments)) {
      most = AnonymousMemory.watch(process, PATIENCE).mostBytes();
    }
    double speed = SteadyState.tokensPerSecond(trace, WARM_UP, WARM_UP + records);
    int tenth = records / 10;
    System.out.printf(
        "%d records: %.0f tokens/s, by tenths %s; %.1f MiB of anonymous memory%n",
        records, speed, tenths(trace, tenth), (double) most / MIB);
    Files.delete(trace);
    return new Bulk(speed, most);
  }

  private static List<Long> tenths(Path trace, int tenth) throws IOException {
    List<Long> speeds = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int from = WARM_UP + i * tenth;
      speeds.add(Math.round(SteadyState.tokensPerSecond(trace, from, from + tenth)));
    }
    return speeds;
  }

  @Test
  void theFirstStepComesNoLaterForAHundredThousandRecords() throws Exception {
    List<Duration> few = new ArrayList<>();
    List<Duration> many = new ArrayList<>();
    for (int pair = -1; pair < 2 * PAIRS; pair++) {
      Duration first = startOnSampleModel(FEW);
      Duration second = startOnSampleModel(MANY_TO_START);
      if (pair >= 0) { // the first pair has read the files that all of them read
        few.add(first);
        many.add(second);
      }
    }
    double later = seconds(many) - seconds(few);
    System.out.printf(
        "process start to end of first step: %.2f s for %d records, %.2f s for %d%n",
        seconds(few), FEW, seconds(many), MANY_TO_START);
    assertThat(later).isLessThan(START_MARGIN.toMillis() / 1e3);
  }

  private static Duration startOnSampleModel(int records) throws Exception {
    Path place = place();
    return firstStep(place, onSampleModel(place, sampleRecords(place, records))).sinceStart();
  }

  @Test
  void theFirstStepOnThePackedStoreEndsWithinFiveSeconds() throws Exception {
    Path model = directory.resolve("synth");
    SyntheticModel.write(SyntheticSpec.DEFAULT, model);
    Path packed = directory.resolve("packed");
    Path packing = place();
    try (ForkedJvm process =
        ForkedDrey.start(
            packing,
            ForkedDrey.FIXED_HEAP,
            List.of("pack", "--model", model.toString(), "--out", packed.toString()))) {
      assertThat(process.awaitExit(PATIENCE)).as(process.output()).isZero();
    }
    List<FirstStep> starts = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      Path place = place();
      List<String> arguments = generate(model, place, randomRecords(place));
      arguments.addAll(List.of("--packed", packed.toString(), "--direct"));
      FirstStep step = firstStep(place, arguments);
      System.out.println("packed store: " + step);
      starts.add(step);
    }
    assertThat(starts)
        .allSatisfy(
            step -> assertThat(step.tokens()).isGreaterThan(SyntheticSpec.DEFAULT.experts()));
    assertThat(starts)
        .extracting(FirstStep::sinceOpening)
        .allSatisfy(time -> assertThat(time).isLessThan(FIRST_STEP_LIMIT));
  }

  private static FirstStep firstStep(Path place, List<String> arguments) throws Exception {
    long start = System.nanoTime();
    try (ForkedJvm process = ForkedDrey.start(place, ForkedDrey.FIXED_HEAP, arguments)) {
      return FirstStep.await(process, place, start, PATIENCE);
    }
  }

  private static Path place() throws IOException {
    return Files.createDirectory(directory.resolve("run-" + runs++));
  }

  private static List<String> onSampleModel(Path place, Path input) {
    return generate(Artifacts.sampleModel(), place, input);
  }

  private static List<String> generate(Path model, Path place, Path input) {
    return ForkedDrey.generating(
        model,
        input,
        place.resolve("out"),
        "--max-sequences",
        String.valueOf(GROUP),
        "--expert-memory",
        "25%");
  }

  /**
   * The same few records over and over, of 8 to 32 tokens, so that groups do not run in lockstep
   * and any number of records is the same mix.
   */
  private static Path sampleRecords(Path place, int count) throws IOException {
    List<List<String>> lengths = new ArrayList<>();
    for (int tokens = 8; tokens <= 32; tokens += 8) {
      lengths.add(SamplePrompts.greedy(FEW, tokens));
    }
    List<String> lines =
        IntStream.range(0, count)
            .mapToObj(i -> lengths.get(i % lengths.size()).get(i % FEW))
            .toList();
    return SamplePrompts.write(place.resolve("in.jsonl"), lines);
  }

  /** Prompts of random tokens, which need every expert of the synthetic model. */
  private static Path randomRecords(Path place) throws IOException {
    int vocabulary = SyntheticSpec.DEFAULT.vocabulary();
    return SamplePrompts.write(
        place.resolve("in.jsonl"), SamplePrompts.randomTokens(GROUP, 64, vocabulary, 8));
  }

  private static double seconds(List<Duration> times) {
    return median(times.stream().mapToDouble(time -> time.toNanos() / 1e9));
  }

  private static double median(DoubleStream values) {
    double[] sorted = values.toArray();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
