package dev.drey.runtime.residency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.trace.Headers;
import dev.drey.runtime.trace.ResidencyFold;
import dev.drey.runtime.trace.ResidencyMetrics;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a window tells its trace, folded, is what it counts itself. */
class ResidencyTraceTest {
  private static final int STEPS = 60;

  @ParameterizedTest
  @CsvSource({"2, 1", "3, 2", "6, 3", "9, 4", "16, 5", "32, 6"})
  void theFoldOverTheEventsIsTheWindowsOwnCount(int slots, int seed) {
    Random random = new Random(seed);
    ResidencyFold fold = new ResidencyFold(Headers.of(WindowRig.LAYERS, WindowRig.EXPERTS));
    try (WindowRig rig =
        new WindowRig(slots, new LruPolicy(WindowRig.SHAPE), WindowRig.CONFIG, fold)) {
      for (long step = 0; step < STEPS; step++) {
        for (int layer = 0; layer < WindowRig.LAYERS; layer++) {
          runLayer(rig, random, step, layer);
        }
      }
      compare(fold.metrics(), rig.window.stats());
    }
  }

  private static void runLayer(WindowRig rig, Random random, long step, int layer) {
    int[] experts =
        random.ints(1 + random.nextInt(6), 0, WindowRig.EXPERTS).sorted().distinct().toArray();
    try (LayerDemand demand = rig.demand(step, layer, experts)) {
      int predictions = random.nextInt(6);
      for (int i = 0; i < predictions && layer + 1 < WindowRig.LAYERS; i++) {
        rig.offer(step, layer + 1, random.nextInt(WindowRig.EXPERTS));
      }
      while (demand.undelivered() > 0) {
        while (demand.ready() == 0 && rig.stepped.advanceAll()) {}
        demand.nextReady(2).forEach(lease -> lease.release(DeviceEvent.REACHED));
      }
    }
    int blocks = random.nextInt(3 * WindowRig.BLOCKS);
    for (int i = 0; i < blocks && rig.stepped.advanceAll(); i++) {}
  }

  private static void compare(ResidencyMetrics metrics, ResidencyStats stats) {
    assertThat(metrics.hits()).isEqualTo(stats.hits());
    assertThat(metrics.lateHits()).isEqualTo(stats.lateHits());
    assertThat(metrics.misses()).isEqualTo(stats.misses());
    assertThat(metrics.prefetchIssued()).isEqualTo(stats.prefetchIssued());
    assertThat(metrics.prefetchUsed()).isEqualTo(stats.prefetchUsed());
    assertThat(metrics.prefetchWasted()).isEqualTo(stats.prefetchWasted());
    assertThat(metrics.prefetchCancelled()).isEqualTo(stats.prefetchCancelled());
    assertThat(metrics.evictions()).isEqualTo(stats.evictions());
    assertThat(metrics.stallNanos()).isEqualTo(stats.stallNanos());
    for (int layer = 0; layer < WindowRig.LAYERS; layer++) {
      assertThat(metrics.layers().get(layer).misses())
          .isEqualTo(stats.layers().get(layer).misses());
    }
  }
}
