package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.trace.LatencyFold;
import dev.drey.runtime.trace.RecallFold;
import dev.drey.runtime.trace.ResidencyFold;
import dev.drey.runtime.trace.ResidencyMetrics;
import dev.drey.runtime.trace.TraceFan;
import dev.drey.runtime.trace.TraceReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trace of a whole engine with its own I/O threads and prefetching. */
class EngineTraceTest {
  private static final int SEQUENCES = 5;
  private static final int TOKENS = 10;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private static List<Sequence> run(MoeEngine engine) {
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      int[] prompt = new int[3 + 7 * i];
      Arrays.setAll(prompt, position -> 5 + position);
      sequences.add(
          Sequence.fresh(SequenceRequest.generate("r" + i, prompt, SamplingParams.greedy(TOKENS))));
    }
    new DecodeLoop(engine).run(sequences.iterator(), done -> {});
    return sequences;
  }

  @Test
  void foldsOverTheTraceAreTheEnginesOwnCountersAndOutputIsTheSame() throws IOException {
    Path file = directory.resolve("trace");
    List<Sequence> traced;
    EngineStats stats;
    try (MoeEngine engine = MoeEngine.open(TestEngines.golden("30%").tracedTo(file.toString()))) {
      traced = run(engine);
      while (engine.stats().residency().inFlight() > 0) { // prefetches that nobody came for
        Thread.onSpinWait();
      }
      stats = engine.stats();
    }
    List<Sequence> untraced;
    try (MoeEngine engine = MoeEngine.open(TestEngines.golden("30%"))) {
      untraced = run(engine);
      assertThat(engine.stats().trace()).isNull();
    }

    for (int i = 0; i < SEQUENCES; i++) {
      assertThat(traced.get(i).outputIds()).isEqualTo(untraced.get(i).outputIds());
    }
    try (TraceReader reader = TraceReader.open(file)) {
      assertThat(reader.header().slots()).isEqualTo(stats.residency().slots());
      ResidencyFold residency = new ResidencyFold(reader.header());
      LatencyFold latency = new LatencyFold();
      RecallFold recall = new RecallFold(reader.header());
      reader.read(new TraceFan(residency, latency, recall));
      compare(residency.metrics(), stats.residency());
      assertThat(latency.metrics().steps()).isEqualTo(stats.steps());
      assertThat(latency.metrics().rows()).isEqualTo(stats.rows());
      assertThat(latency.metrics().nanos()).isLessThanOrEqualTo(stats.stepNanos());
      assertThat(latency.metrics().outputs()).isEqualTo(SEQUENCES * TOKENS);
      assertThat(latency.metrics().firstTokenNanos().count()).isEqualTo(SEQUENCES);
      assertThat(latency.metrics().tokenNanos().count()).isEqualTo(SEQUENCES);
      assertThat(recall.metrics()).hasSize(1);
      assertThat(recall.metrics().get(0).recall()).isBetween(0.1, 1.0);
    }
  }

  private static void compare(ResidencyMetrics metrics, ResidencyStats stats) {
    assertThat(metrics.missing()).isZero();
    assertThat(metrics.hits()).isEqualTo(stats.hits());
    assertThat(metrics.lateHits()).isEqualTo(stats.lateHits());
    assertThat(metrics.misses()).isEqualTo(stats.misses());
    assertThat(metrics.prefetchIssued()).isEqualTo(stats.prefetchIssued()).isPositive();
    assertThat(metrics.prefetchUsed()).isEqualTo(stats.prefetchUsed());
    assertThat(metrics.prefetchWasted()).isEqualTo(stats.prefetchWasted());
    assertThat(metrics.prefetchCancelled()).isEqualTo(stats.prefetchCancelled());
    assertThat(metrics.evictions()).isEqualTo(stats.evictions());
    assertThat(metrics.stallNanos()).isEqualTo(stats.stallNanos());
    assertThat(metrics.bytes()).isEqualTo(stats.bytesDemand() + stats.bytesPrefetch());
  }
}
