package dev.drey.runtime.cache;

import static dev.drey.runtime.cache.PolicyRig.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.cache.EventWindow.Admission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BeladyPolicyTest {
  private static final int LAYERS = 2;
  private static final int EXPERTS = 4;

  /** One demand. */
  private record Event(int layer, int[] experts) {
    int bits() {
      return Arrays.stream(experts).map(e -> 1 << (layer * EXPERTS + e)).sum();
    }
  }

  private static DemandSequence sequence(CacheShape shape, List<Event> events) {
    DemandSequence.Builder builder = new DemandSequence.Builder(shape);
    events.forEach(event -> builder.add(EventWindow.ids(event.layer(), event.experts())));
    return builder.build();
  }

  private static long misses(CacheShape shape, List<Event> events, Admission admission) {
    return run(new BeladyPolicy(shape, sequence(shape, events)), shape, events, admission);
  }

  private static long run(
      CachePolicy policy, CacheShape shape, List<Event> events, Admission admission) {
    EventWindow window = new EventWindow(policy, shape, admission);
    for (int step = 0; step < events.size(); step++) {
      window.demand(step, events.get(step).layer(), events.get(step).experts());
    }
    return window.misses;
  }

  private static List<Event> random(Random random, int length, int most) {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      events.add(
          new Event(
              random.nextInt(LAYERS), Traces.skewed(random, EXPERTS, 1 + random.nextInt(most))));
    }
    return events;
  }

  @Test
  void whatIsUsedLatestLeavesFirstAndWhatIsNeverUsedAgainBeforeThat() {
    CacheShape shape = CacheShape.of(1, 4, 3);
    DemandSequence future =
        new DemandSequence.Builder(shape)
            .add(EventWindow.ids(0, 0, 1, 2))
            .add(EventWindow.ids(0, 3))
            .add(EventWindow.ids(0, 1))
            .add(EventWindow.ids(0, 0))
            .build();
    PolicyRig rig = new PolicyRig(new BeladyPolicy(shape, future));
    rig.demand(0, 0, 1, 2);
    rig.insert(0, 0, 1, 2);
    assertThat(rig.order(id(0, 0), id(0, 1), id(0, 2)))
        .containsExactly(id(0, 2), id(0, 0), id(0, 1));
  }

  @Test
  void noPolicyMissesLessWhenEveryExpertMustBeAdmitted() {
    compareWithExhaustiveSearch(Admission.FORCED, 3);
  }

  @Test
  void noPolicyMissesLessWhenExpertsMayPass() {
    compareWithExhaustiveSearch(Admission.BYPASS, 4);
  }

  private static void compareWithExhaustiveSearch(Admission admission, int most) {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      int slots = most == 3 ? 3 + random.nextInt(3) : 1 + random.nextInt(5);
      List<Event> events = random(random, 14, most);
      CacheShape shape = CacheShape.of(LAYERS, EXPERTS, slots);
      assertThat(misses(shape, events, admission))
          .as("seed %d, %d slots", seed, slots)
          .isEqualTo(leastMisses(events, slots, admission));
    }
  }

  /** Tries everything: the fewest misses by set of residents, demand by demand. */
  private static int leastMisses(List<Event> events, int slots, Admission admission) {
    Map<Integer, Integer> best = Map.of(0, 0);
    for (Event event : events) {
      int wanted = event.bits();
      Map<Integer, Integer> next = new HashMap<>();
      best.forEach(
          (resident, misses) -> {
            int total = misses + Integer.bitCount(wanted & ~resident);
            int available = resident | wanted;
            int most = Math.min(slots, Integer.bitCount(available));
            for (int kept = available; ; kept = (kept - 1) & available) {
              boolean admitted = admission == Admission.BYPASS || (kept & wanted) == wanted;
              if (admitted && Integer.bitCount(kept) == most) {
                next.merge(kept, total, Math::min);
              }
              if (kept == 0) {
                break;
              }
            }
          });
      best = next;
    }
    return best.values().stream().min(Integer::compare).orElseThrow();
  }

  @Test
  void noOtherPolicyMissesLessOnLongSequences() {
    for (int slots : new int[] {3, 5, 7}) {
      CacheShape shape = CacheShape.of(LAYERS, EXPERTS, slots);
      List<Event> events = random(new Random(slots), 2000, 3);
      long least = misses(shape, events, Admission.FORCED);
      assertThat(misses(shape, events, Admission.BYPASS)).isLessThanOrEqualTo(least);
      for (String name : CachePolicies.names()) {
        CachePolicy policy = CachePolicies.named(name, shape);
        assertThat(run(policy, shape, events, Admission.FORCED))
            .as(name)
            .isGreaterThanOrEqualTo(least);
      }
    }
  }

  @Test
  void aWindowForEverythingMissesEveryExpertOnce() {
    CacheShape shape = CacheShape.of(LAYERS, EXPERTS, LAYERS * EXPERTS);
    List<Event> events = random(new Random(1), 500, 4);
    assertThat(misses(shape, events, Admission.FORCED)).isEqualTo(LAYERS * EXPERTS);
  }

  @Test
  void moreSlotsNeverMissMore() {
    List<Event> events = random(new Random(2), 500, 2);
    long before = Long.MAX_VALUE;
    for (int slots = 2; slots <= LAYERS * EXPERTS; slots++) {
      CacheShape shape = CacheShape.of(LAYERS, EXPERTS, slots);
      long recency = run(new LruPolicy(shape), shape, events, Admission.FORCED);
      assertThat(recency).isLessThanOrEqualTo(before);
      before = recency;
    }
  }

  @Test
  void aFutureThatComesDifferentlyIsAnError() {
    CacheShape shape = CacheShape.of(LAYERS, EXPERTS, 4);
    DemandSequence future = sequence(shape, List.of(new Event(1, new int[] {0, 2})));
    PolicyRig rig = new PolicyRig(new BeladyPolicy(shape, future));
    assertThatThrownBy(() -> rig.demand(1, 0, 3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "demand 0 of layer 1 is not the one foretold: expected experts [L1/E0, L1/E2],"
                + " found [L1/E0, L1/E3]");
    rig.demand(1, 0, 2);
    assertThatThrownBy(() -> rig.demand(0, 1)).hasMessage("the future ends after 1 demands");
  }

  @Test
  void theFutureOfAnotherModelIsRefused() {
    DemandSequence future = sequence(CacheShape.of(LAYERS, EXPERTS, 4), List.of());
    assertThat(future.size()).isZero();
    assertThatThrownBy(() -> new BeladyPolicy(CacheShape.of(3, EXPERTS, 4), future))
        .hasMessageStartingWith("demands of a model of 2 layers with 4 experts cannot foretell");
    assertThat(new BeladyPolicy(CacheShape.of(LAYERS, EXPERTS, 7), future).name())
        .isEqualTo("offline.belady");
  }

  @Test
  void aRestoredPolicyGoesOnInTheMiddleOfTheFuture() {
    CacheShape shape = CacheShape.of(LAYERS, EXPERTS, 3);
    List<Event> events = random(new Random(3), 100, 2);
    DemandSequence future = sequence(shape, events);
    BeladyPolicy first = new BeladyPolicy(shape, future);
    PolicyRig rig = new PolicyRig(first);
    rig.insert(0, 0, 1, 2);
    events.subList(0, 50).forEach(event -> rig.demand(event.layer(), event.experts()));
    PolicyRig second = new PolicyRig(new BeladyPolicy(shape, future));
    second.policy.restore(first.snapshot(), EventWindow.ids(0, 0, 1, 2));
    for (Event event : events.subList(50, 100)) {
      rig.demand(event.layer(), event.experts());
      second.demand(event.layer(), event.experts());
      assertThat(second.victim(id(0, 0), id(0, 1), id(0, 2)))
          .isEqualTo(rig.victim(id(0, 0), id(0, 1), id(0, 2)));
    }
  }
}
