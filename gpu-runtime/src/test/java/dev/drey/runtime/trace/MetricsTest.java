package dev.drey.runtime.trace;

import static dev.drey.runtime.trace.DemandOutcome.HIT;
import static dev.drey.runtime.trace.DemandOutcome.LATE;
import static dev.drey.runtime.trace.DemandOutcome.MISS;
import static dev.drey.runtime.trace.DemandOutcome.OVERTAKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The metrics on streams small enough to be counted by hand. */
class MetricsTest {
  private static final TraceHeader HEADER = Headers.of(2, 8);

  private static void demand(
      TraceSink sink, long step, int layer, int[] experts, DemandOutcome... outcomes) {
    sink.demanded(0, step, layer, experts.length, experts, outcomes);
  }

  private static void predict(TraceSink sink, long step, int from, int target, int... experts) {
    sink.predicted(0, step, from, target, experts.length, experts, new float[experts.length]);
  }

  @Test
  void everyPrefetchIsUsedWastedCancelledOrFailedOnce() {
    ResidencyFold fold = new ResidencyFold(HEADER);
    for (int expert = 0; expert < 6; expert++) {
      fold.loadIssued(0, expert, 1, expert, true);
    }
    fold.loadEnded(10, 0, 1, 0, 5, 1000, true, LoadResult.LOADED);
    fold.loadEnded(10, 3, 1, 3, 5, 1000, true, LoadResult.LOADED);
    demand(fold, 0, 1, new int[] {0, 1, 2, 7}, HIT, LATE, OVERTAKEN, MISS);
    fold.loadEnded(20, 1, 1, 1, 5, 1000, false, LoadResult.LOADED);
    fold.evicted(30, 1, 3, true);
    fold.loadEnded(40, 4, 1, 4, 35, 300, true, LoadResult.STOPPED);
    fold.loadEnded(40, 5, 1, 5, 35, 200, true, LoadResult.FAILED);
    fold.demandEnded(50, 0, 1, 17);

    ResidencyMetrics metrics = fold.metrics();

    assertThat(metrics.hits()).isEqualTo(1);
    assertThat(metrics.lateHits()).isEqualTo(1);
    assertThat(metrics.misses()).isEqualTo(2);
    assertThat(metrics.prefetchIssued()).isEqualTo(6);
    assertThat(metrics.prefetchUsed()).isEqualTo(2);
    assertThat(metrics.prefetchWasted()).isEqualTo(1);
    assertThat(metrics.prefetchCancelled()).isEqualTo(2);
    assertThat(metrics.prefetchFailed()).isEqualTo(1);
    assertThat(metrics.bytesDemand()).isEqualTo(1000);
    assertThat(metrics.bytesPrefetch()).isEqualTo(2500);
    assertThat(metrics.bytesWasted()).isEqualTo(1500);
    assertThat(metrics.stallNanos()).isEqualTo(17);
    assertThat(metrics.layers().get(0).misses()).isZero();
    assertThat(metrics.layers().get(1).misses()).isEqualTo(2);
  }

  @Test
  void recallCountsWhatWasDemandedAndPrecisionWhatWasPredicted() {
    RecallFold fold = new RecallFold(HEADER);
    predict(fold, 3, 0, 1, 5, 6, 1, 2);
    demand(fold, 3, 1, new int[] {1, 5, 7}, HIT, HIT, MISS);

    RecallMetrics one = fold.metrics().get(0);

    assertThat(one.distance()).isEqualTo(1);
    assertThat(one.recall()).isCloseTo(2 / 3.0, within(1e-9));
    assertThat(one.recallOfAsMany()).isCloseTo(2 / 3.0, within(1e-9));
    assertThat(one.precision()).isCloseTo(2 / 4.0, within(1e-9));
    assertThat(one.exactRate()).isZero();
    assertThat(one.inTime()).isEqualTo(1);
    assertThat(one.missStreamRecall()).as("only 7 would have missed, nobody foresaw it").isZero();
  }

  @Test
  void aHitOnAnUnusedPrefetchBelongsToTheMissStreamOnce() {
    RecallFold fold = new RecallFold(HEADER);
    fold.loadIssued(0, 0, 1, 5, true);
    predict(fold, 0, 0, 1, 5);
    demand(fold, 0, 1, new int[] {4, 5}, MISS, HIT);
    predict(fold, 1, 0, 1, 5);
    demand(fold, 1, 1, new int[] {5}, HIT);

    assertThat(fold.metrics().get(0).missStreamRecall()).isCloseTo(1 / 2.0, within(1e-9));
    assertThat(fold.metrics().get(0).exactRate()).isCloseTo(1 / 2.0, within(1e-9));
  }

  @Test
  void predictionsOfAnotherStepOrLayerAreNotCompared() {
    RecallFold fold = new RecallFold(HEADER);
    predict(fold, 0, 0, 1, 5);
    fold.stepBegan(0, 1, 1, 1);
    demand(fold, 1, 0, new int[] {5}, HIT);
    demand(fold, 1, 1, new int[] {5}, HIT);

    assertThat(fold.metrics()).isEmpty();
  }

  @Test
  void latenciesRunFromTheFirstStepOfASequence() {
    LatencyFold fold = new LatencyFold();
    fold.stepBegan(100, 0, 6, 0); // prompt of 10 in two steps, then two more tokens
    fold.sequenceRan(100, 0, 6, 10, 0);
    fold.stepEnded(200, 0);
    fold.stepBegan(250, 1, 4, 1);
    fold.sequenceRan(250, 0, 4, 10, 0);
    fold.stepEnded(300, 1);
    fold.stepBegan(300, 2, 1, 1);
    fold.sequenceRan(300, 0, 1, 10, 1);
    fold.stepEnded(330, 2);
    fold.stepBegan(330, 3, 1, 1);
    fold.sequenceRan(330, 0, 1, 10, 2);
    fold.stepEnded(360, 3);
    fold.sequenceEnded(370, 0, 3);

    LatencyMetrics metrics = fold.metrics();

    assertThat(metrics.steps()).isEqualTo(4);
    assertThat(metrics.rows()).isEqualTo(12);
    assertThat(metrics.outputs()).isEqualTo(3);
    assertThat(metrics.promptTokens()).isEqualTo(10);
    assertThat(metrics.nanos()).isEqualTo(100 + 50 + 30 + 30);
    assertThat(metrics.firstTokenNanos().mean()).isEqualTo(200);
    assertThat(metrics.tokenNanos().mean()).isEqualTo(30);
    assertThat(metrics.outputsPerSecond()).isCloseTo(3e9 / 210, within(1e-3));
  }

  @Test
  void theLinkIsBusyOnceHoweverManyThreadsMove() {
    LinkFold fold = new LinkFold();
    for (long[] interval : List.of(new long[] {0, 10}, new long[] {5, 12}, new long[] {30, 40})) {
      fold.loadEnded(interval[1], 0, 0, 0, interval[0], 100, true, LoadResult.LOADED);
    }
    fold.loadEnded(45, 0, 0, 0, 11, 100, true, LoadResult.LOADED); // spans a gap

    assertThat(fold.busyNanos()).isEqualTo(45);
    assertThat(fold.bytesPerSecond()).isCloseTo(400e9 / 45, within(1.0));
  }

  @Test
  void quantilesAreWithinThreePercent() {
    LogHistogram histogram = new LogHistogram();
    for (long value = 1; value <= 100_000; value++) {
      histogram.add(value * 977);
    }

    assertThat(histogram.mean()).isCloseTo(977 * 50_000.5, within(1.0));
    assertThat(histogram.quantile(0.5) / (977 * 50_000)).isCloseTo(1, within(0.03));
    assertThat(histogram.quantile(0.99) / (977 * 99_000)).isCloseTo(1, within(0.03));
    assertThat(new LogHistogram().quantile(0.5)).isZero();
    LogHistogram one = new LogHistogram();
    one.add(Long.MAX_VALUE);
    assertThat(one.quantile(1) / Long.MAX_VALUE).isCloseTo(1, within(0.03));
  }
}
