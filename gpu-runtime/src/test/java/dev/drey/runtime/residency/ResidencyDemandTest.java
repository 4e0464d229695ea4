package dev.drey.runtime.residency;

import static dev.drey.runtime.residency.WindowRig.experts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.transfer.FakeDevice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ResidencyDemandTest {
  private WindowRig rig = new WindowRig(8);

  private WindowRig reopen(int slots, CachePolicy policy) {
    rig.close();
    rig = new WindowRig(slots, policy);
    return rig;
  }

  private WindowRig reopen(int slots) {
    rig.close();
    rig = new WindowRig(slots);
    return rig;
  }

  private static void release(List<ExpertLease> leases) {
    leases.forEach(lease -> lease.release(DeviceEvent.REACHED));
  }

  @AfterEach
  void nothingLeaks() {
    rig.close();
  }

  @Test
  void residentExpertsComeFirstThenTheOthersInOrderOfArrival() {
    rig.use(0, 0, 3, 5);
    try (LayerDemand demand = rig.demand(1, 0, 1, 3, 4, 5)) {
      assertThat(demand.ready()).isEqualTo(2);
      assertThat(experts(demand.nextReady(8))).containsExactly(3, 5);
      rig.stepped.advance(0);
      rig.stepped.drain(1); // overtakes the first worker
      rig.stepped.drain(0);
      assertThat(experts(demand.nextReady(8))).containsExactly(4, 1);
      assertThat(demand.nextReady(8)).isEmpty();
      assertThat(demand.nextReady(8)).isEmpty();
    }
  }

  @Test
  void aBatchHasNoMoreThanWasAskedFor() {
    rig.use(0, 0, 0, 1, 2);
    try (LayerDemand demand = rig.demand(1, 0, 0, 1, 2)) {
      assertThat(experts(demand.nextReady(2))).containsExactly(0, 1);
      assertThat(demand.undelivered()).isEqualTo(1);
      assertThat(experts(demand.nextReady(2))).containsExactly(2);
      assertThatThrownBy(() -> demand.nextReady(0)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void everyMemberIsClassifiedAtTheMomentOfTheDemand() {
    rig.use(0, 1, 0, 1);
    rig.offer(1, 1, 2);
    rig.move(1);
    rig.offer(1, 1, 3);
    try (LayerDemand demand = rig.demand(1, 1, 0, 1, 2, 3, 4)) {
      ResidencyStats stats = rig.window.stats();
      assertThat(stats.hits()).isEqualTo(2);
      assertThat(stats.lateHits()).isEqualTo(1);
      assertThat(stats.misses()).isEqualTo(2 + 2); // two of the first demand
      assertThat(stats.layers().get(1)).isEqualTo(new ResidencyStats.Layer(2, 1, 4, 2));
      rig.drain();
      assertThat(experts(demand.nextReady(8))).containsExactly(0, 1, 2, 3, 4);
    }
  }

  @Test
  void missingExpertsAreReadInTheOrderOfTheDemand() {
    try (LayerDemand demand = rig.demand(0, 2, 1, 4, 6)) {
      rig.stepped.drain(0);
      assertThat(experts(demand.nextReady(8))).containsExactly(1, 4, 6);
    }
    assertThat(rig.source.begun)
        .containsExactly(new ExpertId(2, 1), new ExpertId(2, 4), new ExpertId(2, 6));
  }

  @Test
  void moreExpertsThanSlotsStreamThroughWithoutABarrier() {
    reopen(4);
    List<Integer> seen = new ArrayList<>();
    try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2, 3, 4, 5, 6, 7)) {
      rig.drain();
      List<ExpertLease> batch = demand.nextReady(8);
      seen.addAll(experts(batch));
      batch.get(0).release(DeviceEvent.REACHED);
      assertThat(rig.window.stats().inFlight()).isEqualTo(1); // although the other is still leased
      batch.get(1).release(DeviceEvent.REACHED);
      while (demand.undelivered() > 0) {
        rig.drain();
        List<ExpertLease> next = demand.nextReady(8);
        seen.addAll(experts(next));
        release(next);
      }
    }
    assertThat(seen).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(rig.window.stats().misses()).isEqualTo(8);
  }

  @Test
  void aBatchTakesHalfOfTheSlotsWhileOthersWaitForOne() {
    reopen(4);
    try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2, 3, 4)) {
      rig.drain();
      List<ExpertLease> batch = demand.nextReady(8);
      assertThat(experts(batch)).containsExactly(0, 1);
      release(batch);
      assertThat(experts(demand.nextReady(8))).containsExactly(2, 3);
    }
  }

  @Test
  void twoSlotsAreEnoughForAnyLayer() {
    reopen(ResidencyWindow.MIN_SLOTS);
    rig.use(0, 0, 0, 1, 2, 3, 4, 5, 6, 7);
    rig.use(0, 1, 0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(rig.window.stats().misses()).isEqualTo(16);
  }

  @Test
  void aLeasedExpertIsNeverEvictedAndAskingForMoreWhileHoldingEverySlotIsRefused() {
    reopen(2);
    try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2)) {
      rig.drain();
      ExpertLease first = demand.nextReady(1).get(0);
      ExpertLease second = demand.nextReady(1).get(0);
      rig.drain();
      assertThatThrownBy(() -> demand.nextReady(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "L0/E2 can never arrive: 2 of 2 slots are leased and nothing is on the way; "
                  + "release leases before asking for more");
      second.release(DeviceEvent.REACHED);
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(2);
      assertThat(FakeExpertSource.holds(first.expert(), first.id())).isTrue();
    }
  }

  @Test
  void residentMembersAreProtectedUntilTheyAreUsed() {
    reopen(4, new LowestPolicy());
    rig.use(0, 0, 0, 1, 2, 3);
    try (LayerDemand demand = rig.demand(1, 0, 0, 1, 4, 5)) {
      rig.drain();
      assertThat(experts(demand.nextReady(8))).containsExactly(0, 1, 4, 5);
    }
  }

  @Test
  void aSlotIsOverwrittenOnlyOnceItsLastUseIsReached() {
    reopen(2);
    List<String> log = new ArrayList<>();
    try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2, 3)) {
      rig.drain();
      ExpertLease lease = demand.nextReady(1).get(0);
      ManualEvent lastUse =
          new ManualEvent(
              () -> {
                assertThat(rig.source.begun).contains(new ExpertId(0, 2));
                log.add("intact " + FakeExpertSource.holds(lease.expert(), lease.id()));
                rig.window.checkConservation();
              });
      lease.release(lastUse);
      assertThat(rig.states()).containsExactly(SlotState.DRAINING, SlotState.RESIDENT);
      rig.move(1);
      assertThat(log).containsExactly("intact true");
      assertThat(rig.states()).containsExactly(SlotState.LOADING_DEMAND, SlotState.RESIDENT);
      rig.drain();
      release(demand.nextReady(1));
      assertThat(experts(demand.nextReady(1))).containsExactly(2);
    }
  }

  @Test
  void anExpertIsHandedOutBeforeItsLastCopyIsDoneAndSaysWhenItIs() {
    try (LayerDemand demand = rig.demand(0, 0, 0)) {
      rig.move(WindowRig.BLOCKS);
      ExpertLease lease = demand.nextReady(1).get(0);
      assertThat(lease.arrival().reached()).isFalse();
      assertThat(FakeExpertSource.holds(lease.expert(), lease.id())).isFalse();
      lease.arrival().await();
      assertThat(FakeExpertSource.holds(lease.expert(), lease.id())).isTrue();
      lease.release(lease.arrival());
    }
  }

  @Test
  void anExpertNobodyUsedIsOverwrittenOnlyOnceItHasArrived() {
    reopen(2);
    LayerDemand unused = rig.demand(0, 0, 0);
    rig.move(WindowRig.BLOCKS);
    unused.close();
    rig.use(0, 1, 0, 1);
    assertThat(rig.isResident(1, 0)).isTrue();
    try (LayerDemand demand = rig.demand(1, 1, 0, 1)) {
      assertThat(experts(demand.nextReady(2))).containsExactly(0, 1);
    }
  }

  @Test
  void anExpertMayBeUsedAgainBeforeItsLastUseIsReached() {
    ManualEvent never = new ManualEvent(() -> assertThat(false).as("awaited").isTrue());
    rig.use(0, 0, 3);
    for (int step = 1; step < 3; step++) {
      try (LayerDemand demand = rig.demand(step, 0, 3)) {
        ExpertLease lease = demand.nextReady(1).get(0);
        lease.release(never);
      }
    }
    assertThat(rig.window.stats().hits()).isEqualTo(2);
    never.reach();
  }

  @Test
  void leastRecentlyDemandedLeavesFirst() {
    reopen(3);
    rig.use(0, 0, 0, 1, 2);
    rig.use(1, 0, 0);
    rig.use(1, 1, 7);
    assertThat(rig.isResident(0, 0)).isTrue();
    assertThat(rig.isResident(0, 2)).isTrue();
    assertThat(rig.isResident(0, 1)).isFalse();
    assertThat(rig.window.stats().evictions()).isEqualTo(1 + 1); // the last question evicts too
  }

  @Test
  void aDemandForNobodyIsDeliveredAtOnce() {
    try (LayerDemand demand = rig.demand(0, 0)) {
      assertThat(demand.nextReady(8)).isEmpty();
    }
  }

  @Test
  void onlyOneDemandIsOpenAtATime() {
    try (LayerDemand demand = rig.demand(0, 0, 1)) {
      assertThat(demand.undelivered()).isEqualTo(1);
      assertThatThrownBy(() -> rig.demand(0, 1, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "demand of step 0, layer 0 has not been closed, cannot begin demand of step 0, layer 1");
    }
    rig.use(0, 1, 1);
  }

  @Test
  void demandsOutOfOrderOrOutOfRangeAreRefused() {
    assertThatThrownBy(() -> rig.demand(0, 0, 2, 1)).hasMessageContaining("found expert 1 after 2");
    assertThatThrownBy(() -> rig.demand(0, 0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> rig.demand(0, 0, 8)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> rig.demand(0, 4, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> rig.demand(0, -1, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLeaseIsReleasedOnce() {
    try (LayerDemand demand = rig.demand(0, 0, 1)) {
      rig.drain();
      ExpertLease lease = demand.nextReady(1).get(0);
      lease.release(DeviceEvent.REACHED);
      assertThatThrownBy(() -> lease.release(DeviceEvent.REACHED))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("lease on L0/E1 has been released already");
    }
  }

  @Test
  void occupancyIsReportedByLayer() {
    rig.use(0, 0, 0, 1);
    rig.use(0, 2, 5);
    assertThat(rig.window.stats().residentByLayer()).containsExactly(2, 0, 1, 0);
    assertThat(rig.window.stats().free()).isEqualTo(5);
  }

  @Test
  void waitingTimeIsAttributedToWhatHeldTheExpertUp() {
    Counters counters = new Counters(1);
    counters.stalled(100, 200, 120, 150); // no slot until 120, queued until 150
    counters.stalled(300, 310, 50, 60); // was moving all the time
    counters.stalled(400, 407, 390, 500); // was queued all the time
    SlotTable slots = emptyTable();
    assertThat(counters.stats(slots, rig.stepped.engine.stats()).stall())
        .isEqualTo(new ResidencyStats.Stall(20, 30 + 7, 50 + 10));
  }

  private static SlotTable emptyTable() {
    MemoryBudget budget = MemoryBudget.root("none", 0);
    FakeDevice device = new FakeDevice(false);
    return SlotTable.allocate(device, device.expertLayout(FakeExpertSource.SHAPE), 0, budget, 1, 1);
  }

  /** Evicts the lowest candidate, to the harm of whoever is not protected. */
  private static final class LowestPolicy implements CachePolicy {
    @Override
    public String name() {
      return "test.lowest";
    }

    @Override
    public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {}

    @Override
    public void onInsert(ExpertId expert) {}

    @Override
    public void onEvict(ExpertId expert) {}

    @Override
    public @Nullable ExpertId victim(
        ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
      return candidates.isEmpty() ? null : candidates.iterator().next();
    }
  }
}
