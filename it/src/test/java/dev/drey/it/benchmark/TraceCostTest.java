package dev.drey.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Recording a trace takes less than 2 % of the engine's time: the same work by two engines in turn,
 * one of which records, on the sample model with a quarter of its experts. Processor time of the
 * process is compared, which other programs disturb least, and wall time is printed.
 */
@Tag("benchmark")
class TraceCostTest {
  private static final int ROUNDS = 24;
  private static final double LIMIT = 0.02;

  @TempDir private static Path directory;

  private static final class Timed {
    final List<Double> wall = new ArrayList<>();
    final List<Double> processor = new ArrayList<>();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 32})
  void recordingTakesLessThanTwoPercent(int group) throws IOException {
    Timed without = new Timed();
    Timed with = new Timed();
    try (MoeEngine plain = MoeEngine.open(job(group).engine());
        MoeEngine traced =
            MoeEngine.open(
                job(group).with("drey.trace.file", directory.resolve("trace-" + group)).engine())) {
      List<String> requests = SamplePrompts.greedy(Math.max(4, group), group == 1 ? 64 : 32);
      for (int round = -2; round < ROUNDS; round++) {
        boolean first = round % 2 == 0;
        run(first ? plain : traced, requests, round < 0 ? new Timed() : first ? without : with);
        run(first ? traced : plain, requests, round < 0 ? new Timed() : first ? with : without);
      }
    }
    double processor = median(with.processor) / median(without.processor) - 1;
    double wall = median(with.wall) / median(without.wall) - 1;
    System.out.printf(
        "trace, group of %d: %+.2f %% processor time, %+.2f %% wall time; medians of %d rounds of %.2f s%n",
        group, 100 * processor, 100 * wall, ROUNDS, median(without.wall));
    assertThat(processor).isLessThan(LIMIT);
  }

  private static SampleJob job(int group) {
    return SampleJob.onSampleModel()
        .with("drey.schedule.max-sequences", group)
        .with("drey.schedule.micro-batch", group)
        .with("drey.memory.expert", "25%");
  }

  private static void run(MoeEngine engine, List<String> requests, Timed timed) throws IOException {
    List<Sequence> sequences = new ArrayList<>();
    for (String line : requests) {
      String prompt = new ObjectMapper().readTree(line).path("prompt").asText();
      int[] ids = engine.tokenizer().orElseThrow().encode(prompt);
      SamplingParams greedy = SamplingParams.greedy(requests.size() < 32 ? 64 : 32);
      sequences.add(Sequence.fresh(SequenceRequest.generate(prompt, ids, greedy)));
    }
    long wall = System.nanoTime();
    long processor = processorNanos();
    new DecodeLoop(engine).run(sequences.iterator(), sequence -> {});
    timed.processor.add((processorNanos() - processor) / 1e9);
    timed.wall.add((System.nanoTime() - wall) / 1e9);
  }

  private static long processorNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(v -> v).toArray();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
