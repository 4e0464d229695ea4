package dev.drey.runtime.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.trace.TraceSink;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BeladyBoundTest {
  private static final CostModel LINK = new CostModel(1000 / 200e-9, 0);

  private static BeladyBound bound(RoutingTrace trace, int slots) {
    return BeladyBound.of(trace, BeladyBound.NextUses.of(trace), slots, LINK);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void itIsTheLeastOverAllWaysToKeepExperts(int slots) {
    for (int seed = 0; seed < 12; seed++) {
      RoutingTrace trace = Traces.random(seed, 2, 4, 2, 5);
      assertThat(bound(trace, slots).loads())
          .as("seed %d", seed)
          .isEqualTo(new Exhaustive(trace, slots).loads(0, 0));
    }
  }

  /** Tries every subset of what could be kept after every event. */
  private static final class Exhaustive {
    private final RoutingTrace trace;
    private final int slots;
    private final Map<Long, Integer> known = new HashMap<>();

    Exhaustive(RoutingTrace trace, int slots) {
      this.trace = trace;
      this.slots = slots;
    }

    int loads(int event, int kept) {
      if (event == trace.events()) {
        return 0;
      }
      Integer before = known.get((long) event << 32 | kept);
      if (before != null) {
        return before;
      }
      int demanded = 0;
      for (int i = trace.from()[event]; i < trace.from()[event + 1]; i++) {
        demanded |= 1 << trace.members()[i];
      }
      int candidates = kept | demanded;
      int least = Integer.MAX_VALUE;
      for (int keep = candidates; ; keep = keep - 1 & candidates) {
        if (Integer.bitCount(keep) <= slots) {
          least = Math.min(least, loads(event + 1, keep));
        }
        if (keep == 0) {
          break;
        }
      }
      int loads = Integer.bitCount(demanded & ~kept) + least;
      known.put((long) event << 32 | kept, loads);
      return loads;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5, 9, 16, 31, 48})
  void noPolicyAndNoPrefetchingBeatsIt(int slots) {
    RoutingTrace trace = Traces.random(slots, 4, 12, 4, 120);
    BeladyBound bound = bound(trace, slots);
    for (String name : CachePolicies.names()) {
      for (Predictions.Source source : Predictions.Source.values()) {
        ReplayResult result =
            Replay.run(
                trace,
                Predictions.of(trace, source),
                CachePolicies.named(name, Simulator.shape(trace, slots)),
                slots,
                LINK,
                TraceSink.NONE);
        assertThat(result.loads()).as("%s, %s", name, source).isGreaterThanOrEqualTo(bound.loads());
        assertThat(result.nanos()).isGreaterThanOrEqualTo(bound.nanos());
      }
    }
  }

  @Test
  void withRoomForEverythingOnlyFirstUsesAreLoaded() {
    RoutingTrace trace = Traces.random(3, 3, 10, 4, 50);
    long used = Arrays.stream(trace.members()).distinct().count();

    assertThat(bound(trace, 30).loads()).isEqualTo(used);
    assertThat(bound(trace, 29).loads()).isGreaterThanOrEqualTo(used);
  }

  @Test
  void itFallsWithTheWindowAndSecondsAreTheLongerOfComputingAndLoading() {
    RoutingTrace trace = Traces.random(5, 4, 16, 4, 100);
    long computing = trace.events() * (Traces.DENSE + Traces.EXPERTS);
    long before = Long.MAX_VALUE;
    for (int slots = 2; slots <= 64; slots++) {
      BeladyBound bound = bound(trace, slots);
      assertThat(bound.loads()).isLessThanOrEqualTo(before);
      assertThat(bound.nanos()).isEqualTo(Math.max(computing, bound.loads() * 200));
      assertThat(bound.stepwiseNanos()).isGreaterThanOrEqualTo(bound.nanos());
      before = bound.loads();
    }
  }
}
