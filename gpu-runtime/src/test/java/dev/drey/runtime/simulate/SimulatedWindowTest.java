package dev.drey.runtime.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.cache.DropPolicy;
import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.trace.ResidencyFold;
import dev.drey.runtime.trace.ResidencyMetrics;
import dev.drey.runtime.trace.TraceSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The cost model by hand, and what must hold on every trace. */
class SimulatedWindowTest {
  /** Moves one of the made-up experts (1000 bytes) in 200 ns. */
  private static final CostModel LINK = new CostModel(1000 / 200e-9, 0);

  private static ReplayResult replay(
      RoutingTrace trace, Predictions.Source source, int slots, CostModel cost) {
    return Replay.run(
        trace,
        Predictions.of(trace, source),
        new LruPolicy(Simulator.shape(trace, slots)),
        slots,
        cost,
        TraceSink.NONE);
  }

  @Test
  void onDemandEachMissIsWaitedForUnlessResidentExpertsComputeMeanwhile() {
    RoutingTrace trace =
        new Traces(1, 8)
            .step()
            .demand(0, 0, 1)
            .computed(0)
            .step()
            .demand(0, 1, 2)
            .computed(0)
            .build();

    ReplayResult result = replay(trace, Predictions.Source.RECORDED, 4, LINK);

    assertThat(result.misses()).isEqualTo(3);
    assertThat(result.hits()).isEqualTo(1);
    // step 1: 0 arrives after 200, computes 200 while 1 arrives; step 2: 1 computes while 2 arrives
    assertThat(result.stallNanos()).isEqualTo(200);
    assertThat(result.nanos()).isEqualTo(2 * (Traces.DENSE + Traces.EXPERTS) + 200);
    assertThat(result.bytes()).isEqualTo(3000);
  }

  @Test
  void aRightPredictionIsMovedWhileTheLayerBeforeComputes() {
    RoutingTrace trace =
        new Traces(2, 8)
            .step()
            .demand(0, 0)
            .predict(0, 1, 3)
            .computed(0)
            .demand(1, 3)
            .computed(1)
            .build();

    ReplayResult ahead = replay(trace, Predictions.Source.RECORDED, 4, LINK);
    ReplayResult onDemand = replay(trace, Predictions.Source.NONE, 4, LINK);

    assertThat(ahead.hits()).isEqualTo(1);
    assertThat(ahead.prefetchUsed()).isEqualTo(1);
    assertThat(ahead.stallNanos()).as("only the first load").isEqualTo(200);
    assertThat(onDemand.stallNanos()).isEqualTo(400);
    assertThat(ahead.nanos()).isEqualTo(onDemand.nanos() - 200);
  }

  @Test
  void aPredictionOnItsWayIsALateHitAndADemandOvertakesTheOthers() {
    CostModel slow = new CostModel(1000 / 2000e-9, 0);
    RoutingTrace trace =
        new Traces(2, 8)
            .step()
            .demand(0, 0)
            .predict(0, 1, 3, 4, 5)
            .computed(0)
            .demand(1, 2, 3, 5)
            .computed(1)
            .build();

    ReplayResult result = replay(trace, Predictions.Source.RECORDED, 8, slow);

    // 500 ns after the first load only 3 has begun to move; 5 is queued: a miss, taken over
    assertThat(result.lateHits()).isEqualTo(1);
    assertThat(result.misses()).isEqualTo(3);
    assertThat(result.prefetchIssued()).isEqualTo(3);
    assertThat(result.prefetchUsed()).isEqualTo(1);
    assertThat(result.prefetchCancelled()).isEqualTo(2);
    // 3, 2 and 5 end at 2000, 4000, 6000 after the first; each batch then computes alone
    assertThat(result.loads()).isEqualTo(5);
    assertThat(result.bytes()).isEqualTo(4000);
  }

  @Test
  void aLinkThatHardlyMovesGainsNothingFromPerfectPredictions() {
    RoutingTrace trace = Traces.random(1, 4, 16, 4, 60);
    CostModel crawling = new CostModel(1000 / 1e-3, 0);

    ReplayResult oracle = replay(trace, Predictions.Source.ORACLE, 32, crawling);
    ReplayResult none = replay(trace, Predictions.Source.NONE, 32, crawling);

    assertThat((double) oracle.nanos() / none.nanos()).isBetween(0.85, 1.15);
  }

  @Test
  void aWindowWithoutKeepingLoadsEverythingAlways() {
    RoutingTrace trace = Traces.random(2, 3, 12, 3, 40);
    ReplayResult result =
        Replay.run(
            trace,
            Predictions.of(trace, Predictions.Source.NONE),
            new DropPolicy(),
            18,
            LINK,
            TraceSink.NONE);

    assertThat(result.hits()).isZero();
    assertThat(result.loads()).isEqualTo(trace.members().length);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 8, 13, 24, 48})
  void everythingDemandedIsServedAndTheBooksBalance(int slots) {
    RoutingTrace trace = Traces.random(slots, 4, 12, 5, 80);
    for (Predictions.Source source : Predictions.Source.values()) {
      for (CostModel cost : new CostModel[] {LINK, CostModel.INSTANT, new CostModel(1e9, 77)}) {
        ResidencyFold fold = new ResidencyFold(trace.header());
        ReplayResult result =
            Replay.run(
                trace,
                Predictions.of(trace, source),
                new LruPolicy(Simulator.shape(trace, slots)),
                slots,
                cost,
                fold);

        assertThat(result.demanded()).isEqualTo(trace.members().length);
        assertThat(result.prefetchUsed() + result.prefetchWasted() + result.prefetchCancelled())
            .isLessThanOrEqualTo(result.prefetchIssued());
        long computing = 0;
        for (int event = 0; event < trace.events(); event++) {
          computing += cost.computeNanos(trace, event);
        }
        assertThat(result.nanos() - result.stallNanos())
            .as("time that is not waited")
            .isBetween(computing - trace.members().length, computing + trace.members().length);
        compare(fold.metrics(), result);
      }
    }
  }

  private static void compare(ResidencyMetrics told, ReplayResult counted) {
    assertThat(told.hits()).isEqualTo(counted.hits());
    assertThat(told.lateHits()).isEqualTo(counted.lateHits());
    assertThat(told.misses()).isEqualTo(counted.misses());
    assertThat(told.prefetchIssued()).isEqualTo(counted.prefetchIssued());
    assertThat(told.prefetchUsed()).isEqualTo(counted.prefetchUsed());
    assertThat(told.prefetchWasted()).isEqualTo(counted.prefetchWasted());
    assertThat(told.prefetchCancelled()).isEqualTo(counted.prefetchCancelled());
    assertThat(told.evictions()).isEqualTo(counted.evictions());
    assertThat(told.stallNanos()).isEqualTo(counted.stallNanos());
    assertThat(told.loads()).isEqualTo(counted.loads());
  }

  @Test
  void aReplayIsDeterministic() {
    RoutingTrace trace = Traces.random(9, 4, 16, 4, 100);

    assertThat(replay(trace, Predictions.Source.RECORDED, 12, LINK))
        .isEqualTo(replay(trace, Predictions.Source.RECORDED, 12, LINK));
  }

  @Test
  void withoutRoomForEverythingLruHitsRiseWithTheWindow() {
    RoutingTrace trace = Traces.random(4, 4, 16, 4, 200);
    long before = -1;
    for (int slots = 4; slots <= 64; slots += 4) {
      long hits = replay(trace, Predictions.Source.NONE, slots, LINK).hits();
      assertThat(hits).as("%d slots", slots).isGreaterThanOrEqualTo(before);
      before = hits;
    }
  }

  @Test
  void lruBelowOneStepsWorkingSetHasNoHits() {
    Traces traces = new Traces(4, 8);
    for (int step = 0; step < 20; step++) {
      traces.step();
      for (int layer = 0; layer < 4; layer++) {
        traces.demand(layer, 0, 1).computed(layer);
      }
    }
    RoutingTrace trace = traces.build();

    assertThat(replay(trace, Predictions.Source.NONE, 6, LINK).hits()).isZero();
    assertThat(replay(trace, Predictions.Source.NONE, 8, LINK).misses()).isEqualTo(8);
  }

  @Test
  void aWindowOfOneSlotAndALinkWithoutARateAreRefused() {
    RoutingTrace trace = Traces.random(1, 2, 4, 2, 1);

    assertThatThrownBy(() -> replay(trace, Predictions.Source.NONE, 1, LINK))
        .hasMessageContaining("at least 2 slots");
    assertThatThrownBy(() -> CostModel.recorded(trace)).hasMessageContaining("give its bandwidth");
  }
}
