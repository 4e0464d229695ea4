package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.EngineRun;
import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.EngineStats;
import dev.drey.runtime.residency.ResidencyStats;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the prefetch operator is worth, on a link that takes a fifth of the time the computing
 * takes: slow enough to matter, fast enough that loading ahead can hide it. The link's pace is
 * derived from the computing as measured here and now, and the reference device computes, whose
 * steps are long against what a busy machine adds to them.
 */
class PrefetchTest {
  private static final int SEQUENCES = 4;
  private static final int TOKENS = 10;
  private static final String WINDOW = "33%";
  private static final double LINK_TO_COMPUTE = 8;

  /** Shares of late hits and misses, and of stall time, that prefetching must take away. */
  private static final double LEAST_GAIN = 0.25;

  @TempDir private static Path directory;
  private static long pace;

  @BeforeAll
  static void measureComputing() throws Exception {
    EngineRun resident = new EngineRun(job("none").with("drey.memory.expert", "100%"));
    EngineStats stats = resident.run(SamplePrompts.greedyShort(SEQUENCES, TOKENS));
    double expertsPerStep = (double) demanded(stats.residency()) / stats.steps();
    double bytesPerStep = expertsPerStep * resident.slotBytes();
    double seconds = (stats.stepNanos() - stats.residency().stallNanos()) / 1e9 / stats.steps();
    pace = (long) (bytesPerStep / seconds * LINK_TO_COMPUTE);
  }

  private static SampleJob job(String predictor) {
    return SampleJob.onSampleModel()
        .with("drey.device", "reference")
        .with("drey.schedule.max-sequences", SEQUENCES)
        .with("drey.schedule.micro-batch", SEQUENCES)
        .with("drey.memory.expert", WINDOW)
        .with("drey.transfer.max-bytes-per-second", pace)
        .with("drey.prediction.predictor", predictor)
        .with("drey.device.linger", "10 min");
  }

  private static long demanded(ResidencyStats stats) {
    return stats.hits() + stats.lateHits() + stats.misses();
  }

  @Test
  void thePrefetchOperatorTakesAwayMissesAndStalls() throws Exception {
    ResidencyStats without = runJob("none");
    ResidencyStats with = runJob("gate.next-layer");
    System.out.printf(
        "prefetch at %.0f MB/s, window %s: late + miss %d -> %d of %d, stall %d -> %d ms, used %d%n",
        pace / 1e6,
        WINDOW,
        without.lateHits() + without.misses(),
        with.lateHits() + with.misses(),
        demanded(with),
        without.stallNanos() / 1_000_000,
        with.stallNanos() / 1_000_000,
        with.prefetchUsed());

    assertThat(demanded(with)).as("the same work").isEqualTo(demanded(without));
    assertThat(without.prefetchIssued()).isZero();
    assertThat(without.prefetchUsed()).isZero();
    assertThat(with.prefetchUsed()).isPositive();
    assertThat((double) (with.lateHits() + with.misses()))
        .as("late hits and misses")
        .isLessThan((1 - LEAST_GAIN) * (without.lateHits() + without.misses()));
    assertThat((double) with.stallNanos())
        .as("stall time")
        .isLessThan((1 - LEAST_GAIN) * without.stallNanos());
  }

  /** What the job's engine counted; it lingers after the job. */
  private static ResidencyStats runJob(String predictor) throws Exception {
    Path input =
        SamplePrompts.write(
            directory.resolve(predictor + ".jsonl"), SamplePrompts.greedyShort(SEQUENCES, TOKENS));
    try (InProcessCluster cluster = InProcessCluster.start(1)) {
      cluster.run(job(predictor).fromFile(input, directory.resolve(predictor)));
      return cluster.onlyEngine().stats().residency();
    }
  }

  @Test
  void theWindowSlidesWithTheLayerThatComputes() throws Exception {
    double[][] with = occupancy();
    int layers = with.length;
    for (int layer = 0; layer < layers; layer++) {
      System.out.printf("resident by layer after layer %d: %s%n", layer, rounded(with[layer]));
    }
    for (int layer = 0; layer < layers; layer++) {
      int next = (layer + 1) % layers;
      assertThat(emptiest(with[layer]))
          .as("the layer with the fewest resident experts is soon due, and its own are not yet in")
          .isIn(next, (layer + 2) % layers, (layer + 3) % layers);
      assertThat(with[layer][layer])
          .as("the layer just computed has more experts in the window than that farthest off")
          .isGreaterThan(with[layer][emptiest(with[layer])]);
    }
  }

  /** With a policy that keeps nothing back: cyclic.scan pins experts of every layer. */
  private static double[][] occupancy() throws Exception {
    return new EngineRun(job("gate.next-layer").with("drey.residency.policy", "classic.lru"))
        .occupancy(SamplePrompts.greedyShort(SEQUENCES, TOKENS));
  }

  private static int emptiest(double[] resident) {
    int emptiest = 0;
    for (int layer = 1; layer < resident.length; layer++) {
      emptiest = resident[layer] < resident[emptiest] ? layer : emptiest;
    }
    return emptiest;
  }

  private static List<String> rounded(double[] values) {
    return java.util.Arrays.stream(values).mapToObj(v -> String.format("%.1f", v)).toList();
  }
}
