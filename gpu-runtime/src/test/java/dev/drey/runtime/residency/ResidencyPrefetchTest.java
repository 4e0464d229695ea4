package dev.drey.runtime.residency;

import static dev.drey.runtime.residency.WindowRig.experts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.model.ExpertId;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ResidencyPrefetchTest {
  private WindowRig rig = new WindowRig(8);

  private void reopen(WindowRig next) {
    rig.close();
    rig = next;
  }

  private static void release(List<ExpertLease> leases) {
    leases.forEach(lease -> lease.release(DeviceEvent.REACHED));
  }

  private void assertPrefetches(int issued, int used, int wasted, int cancelled, int failed) {
    rig.window.checkConservation();
    ResidencyStats stats = rig.window.stats();
    assertThat(stats.prefetchIssued()).as("issued").isEqualTo(issued);
    assertThat(stats.prefetchUsed()).as("used").isEqualTo(used);
    assertThat(stats.prefetchWasted()).as("wasted").isEqualTo(wasted);
    assertThat(stats.prefetchCancelled()).as("cancelled").isEqualTo(cancelled);
    assertThat(stats.prefetchFailed()).as("failed").isEqualTo(failed);
  }

  @AfterEach
  void nothingLeaks() {
    rig.close();
  }

  @Test
  void aPrefetchedExpertIsAHitWithTheRightBytes() {
    assertThat(rig.offer(0, 1, 4)).isTrue();
    rig.drain();
    try (LayerDemand demand = rig.demand(0, 1, 4)) {
      assertThat(experts(demand.nextReady(1))).containsExactly(4);
    }
    assertThat(rig.window.stats().hits()).isEqualTo(1);
    assertPrefetches(1, 1, 0, 0, 0);
  }

  @Test
  void aPrefetchDemandedWhileItMovesIsALateHitAndOvertakesTheOthers() {
    rig.offer(0, 1, 4);
    rig.move(1);
    rig.offer(0, 1, 5);
    try (LayerDemand demand = rig.demand(0, 1, 3, 4)) {
      rig.stepped.drain(0);
      assertThat(experts(demand.nextReady(2))).containsExactly(4, 3);
    }
    assertThat(rig.window.stats().lateHits()).isEqualTo(1);
    assertThat(rig.window.stats().misses()).isEqualTo(1);
    assertPrefetches(2, 1, 0, 1, 0);
  }

  @Test
  void aPrefetchDemandedBeforeItMovesIsAMissAndNotLoadedTwice() {
    rig.offer(0, 1, 4);
    try (LayerDemand demand = rig.demand(0, 1, 4)) {
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(4);
    }
    assertThat(rig.window.stats().misses()).isEqualTo(1);
    assertThat(rig.source.begun).containsExactly(new ExpertId(1, 4));
    assertPrefetches(1, 0, 0, 1, 0);
  }

  @Test
  void predictionsAtOrBehindTheLayerAreDropped() {
    rig.window.now(3, 2);
    assertThat(rig.offer(3, 2, 0)).isFalse();
    assertThat(rig.offer(3, 1, 0)).isFalse();
    assertThat(rig.offer(2, 3, 0)).isFalse();
    assertThat(rig.window.stats().predictionsStale()).isEqualTo(3);
    assertThat(rig.offer(3, 3, 0)).isTrue();
    assertThat(rig.offer(4, 0, 0)).isTrue();
    assertPrefetches(2, 0, 0, 0, 0);
  }

  @Test
  void predictionsOfUnknownExpertsAreDropped() {
    assertThat(rig.window.offer(WindowRig.prediction(0, 9, 0))).isZero();
    assertThat(rig.window.offer(WindowRig.prediction(0, 1, 8, 4, -1))).isEqualTo(1);
  }

  @Test
  void prefetchesOfALayerStayUntilItHasBeenDemanded() {
    rig.offer(0, 1, 4);
    rig.window.now(0, 1);
    assertPrefetches(1, 0, 0, 0, 0);
    rig.use(0, 1, 5);
    assertPrefetches(1, 0, 0, 1, 0);
  }

  @Test
  void prefetchesOfPassedLayersAreStoppedQueuedOrMoving() {
    rig.offer(0, 1, 4);
    rig.offer(0, 1, 5);
    rig.move(2);
    rig.window.now(0, 2);
    rig.drain();
    assertThat(rig.source.begun).containsExactly(new ExpertId(1, 4));
    assertThat(rig.window.stats().free()).isEqualTo(8);
    assertPrefetches(2, 0, 0, 2, 0);
  }

  @Test
  void anEarlierStepMeansAnotherRunAndVoidsWhatWasPredicted() {
    rig.use(100, 0, 1);
    rig.offer(100, 1, 4);
    rig.window.now(0, 0);
    assertPrefetches(1, 0, 0, 1, 0);
    assertThat(rig.offer(0, 1, 4)).isTrue();
    rig.window.now(0, 1);
    assertPrefetches(2, 0, 0, 1, 0);
  }

  @Test
  void aPrefetchNeverEvictsWhatTheOpenDemandHasYetToUse() {
    reopen(new WindowRig(4));
    rig.use(0, 0, 0, 1, 2, 3);
    try (LayerDemand demand = rig.demand(1, 0, 0, 1, 2, 3)) {
      rig.offer(1, 1, 6);
      rig.drain();
      assertThat(experts(demand.nextReady(8))).containsExactly(0, 1, 2, 3);
    }
  }

  @Test
  void aPrefetchNeverEvictsALeasedExpert() {
    reopen(new WindowRig(2));
    try (LayerDemand demand = rig.demand(0, 0, 0, 1)) {
      rig.drain();
      List<ExpertLease> leases = demand.nextReady(2);
      rig.offer(0, 1, 6);
      rig.offer(0, 1, 7);
      rig.drain();
      assertThat(experts(leases)).containsExactly(0, 1);
      assertPrefetches(0, 0, 0, 0, 0);
    }
  }

  @Test
  void aPrefetchNeverEvictsWhatAnAdmittedPredictionIsFor() {
    reopen(new WindowRig(4));
    rig.use(0, 0, 0, 1);
    rig.use(0, 1, 4, 5);
    rig.offer(1, 0, 0); // resident and oldest: protected from now on
    rig.offer(1, 0, 6);
    rig.offer(1, 0, 7);
    rig.drain();
    rig.use(1, 0, 0, 6, 7);
    assertThat(rig.window.stats().hits()).isEqualTo(3);
  }

  @Test
  void aPrefetchNeverWaitsForALastUse() {
    reopen(new WindowRig(2));
    ManualEvent lastUse = new ManualEvent(() -> assertThat(false).as("awaited").isTrue());
    try (LayerDemand demand = rig.demand(0, 0, 0, 1)) {
      rig.drain();
      demand.nextReady(2).forEach(lease -> lease.release(lastUse));
    }
    rig.offer(0, 1, 6);
    assertPrefetches(0, 0, 0, 0, 0);
    lastUse.reach();
    rig.window.now(0, 0);
    assertPrefetches(1, 0, 0, 0, 0);
  }

  @Test
  void prefetchesTakeAtMostHalfOfTheSlots() {
    for (int expert = 0; expert < 8; expert++) {
      assertThat(rig.offer(0, 1, expert)).isTrue();
    }
    rig.drain();
    assertThat(rig.window.stats().resident()).isEqualTo(4);
    assertPrefetches(4, 0, 0, 0, 0);
  }

  @Test
  void wrongPredictionsDoNotCountOnceTheirLayerHasPassed() {
    reopen(new WindowRig(4));
    rig.offer(0, 1, 6);
    rig.offer(0, 1, 7);
    rig.drain();
    rig.use(0, 1, 0);
    rig.offer(0, 2, 6);
    rig.offer(0, 2, 7);
    rig.drain();
    rig.use(0, 2, 6, 7);
    assertPrefetches(4, 2, 1, 0, 0);
  }

  @Test
  void predictionsWithoutRoomWaitAndGetTheSlotsThatDemandsLeave() {
    reopen(new WindowRig(2));
    try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2)) {
      assertThat(rig.offer(0, 1, 6)).isTrue();
      rig.drain();
      release(demand.nextReady(1));
      assertPrefetches(0, 0, 0, 0, 0); // the third expert came first
      rig.drain();
      release(demand.nextReady(1));
      assertPrefetches(1, 0, 0, 0, 0);
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(2);
    }
    rig.use(0, 1, 6);
    assertPrefetches(1, 1, 0, 0, 0);
  }

  @Test
  void waitingPredictionsAreDroppedOnceTheirLayerHasCome() {
    reopen(new WindowRig(2));
    rig.offer(0, 1, 6);
    rig.offer(0, 1, 7);
    rig.window.now(0, 1);
    rig.drain();
    assertThat(rig.window.stats().predictionsDropped()).isEqualTo(1);
    assertPrefetches(1, 0, 0, 0, 0);
  }

  @Test
  void noMorePredictionsWaitThanTheQueueHolds() {
    reopen(new WindowRig(2));
    rig.offer(0, 1, 0);
    for (int i = 0; i < 8; i++) {
      assertThat(rig.offer(0, 2, i)).isTrue();
    }
    assertThat(rig.offer(0, 3, 0)).isFalse();
    assertThat(rig.window.stats().predictionsDropped()).isEqualTo(1);
  }

  @Test
  void aDemandTakesTheSlotOfTheLatestQueuedPrefetch() {
    reopen(new WindowRig(4));
    rig.offer(0, 1, 6);
    rig.offer(0, 1, 7);
    try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2)) {
      assertThat(rig.window.stats().inFlight()).isEqualTo(4);
      rig.drain();
      assertThat(experts(demand.nextReady(3))).containsExactly(0, 1, 2);
    }
    assertThat(rig.source.begun).contains(new ExpertId(1, 6)).doesNotContain(new ExpertId(1, 7));
    assertPrefetches(2, 0, 0, 1, 0);
  }

  @Test
  void aDemandStopsAMovingPrefetchWhenThereIsNoOtherSlot() {
    reopen(new WindowRig(2));
    rig.offer(0, 1, 6);
    rig.move(1);
    try (LayerDemand demand = rig.demand(0, 0, 0, 1)) {
      rig.drain();
      assertThat(experts(demand.nextReady(2))).containsExactly(0, 1);
    }
    assertPrefetches(1, 0, 0, 1, 0);
  }

  @Test
  void aDemandEvictsAPredictedExpertOnlyWhenNothingElseIsLeft() {
    reopen(new WindowRig(4));
    rig.use(0, 0, 0, 1);
    rig.offer(0, 3, 6);
    rig.offer(0, 3, 7);
    rig.drain();
    rig.use(0, 1, 2, 3); // evicts 0 and 1
    assertPrefetches(2, 0, 0, 0, 0);
    rig.use(0, 2, 2, 3, 4); // the third has no other place
    assertPrefetches(2, 0, 1, 0, 0);
    rig.use(0, 3, 6, 7);
    assertPrefetches(2, 1, 1, 0, 0);
  }

  @Test
  void aPrefetchEvictedUnusedIsWasted() {
    reopen(new WindowRig(2));
    rig.offer(0, 1, 6);
    rig.drain();
    rig.use(0, 1, 0);
    rig.use(0, 2, 0, 1);
    assertPrefetches(1, 0, 1, 0, 0);
  }

  @Test
  void aFailedPrefetchIsForgottenAndLoadsAgainOnDemand() {
    rig.source.failures.put(new ExpertId(1, 4), 2);
    rig.offer(0, 1, 4);
    rig.drain();
    assertPrefetches(1, 0, 0, 0, 1);
    rig.use(0, 1, 4);
    assertThat(rig.window.stats().misses()).isEqualTo(1);
  }

  @Test
  void aStopCanBeTakenBackUntilItHasTakenEffect() {
    rig.offer(0, 1, 4);
    rig.move(1);
    rig.window.now(0, 2); // passed: told to stop
    try (LayerDemand demand = rig.demand(1, 1, 4)) {
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(4);
    }
    assertThat(rig.window.stats().lateHits()).isEqualTo(1);
    assertPrefetches(1, 1, 0, 0, 0);
  }

  @Test
  void aPredictionOfAnExpertThatIsBeingStoppedWaitsAndLoadsItAgain() {
    rig.offer(0, 1, 4);
    rig.move(1);
    rig.window.now(0, 2); // passed: told to stop
    assertThat(rig.offer(1, 1, 4)).isTrue();
    rig.drain();
    assertThat(rig.isResident(1, 4)).isTrue();
    assertPrefetches(2, 1, 0, 1, 0);
  }

  @Test
  void aStopTakenBackDoesNotKeepOtherPrefetchesFromMakingRoom() {
    reopen(new WindowRig(4));
    rig.offer(0, 1, 4);
    rig.offer(1, 3, 5);
    rig.stepped.advance(0);
    rig.stepped.advance(1);
    rig.window.now(0, 2); // only the first is passed
    try (LayerDemand demand = rig.demand(1, 1, 3, 4, 5, 6)) {
      rig.stepped.advance(1);
      assertPrefetches(2, 1, 0, 1, 0);
      rig.drain();
      assertThat(demand.ready()).isEqualTo(4);
    }
    assertPrefetches(2, 1, 0, 1, 0);
  }

  @Test
  void thePolicyIsToldOfEveryArrivalAndDeparture() {
    KnowingPolicy policy = new KnowingPolicy();
    reopen(new WindowRig(3, policy));
    rig.use(0, 0, 0, 1, 2, 3);
    rig.offer(0, 1, 5);
    rig.drain();
    rig.use(0, 1, 4, 5);
    assertThat(policy.known)
        .containsExactly(new ExpertId(0, 3), new ExpertId(1, 4), new ExpertId(1, 5));
  }

  @Test
  void thePolicyIsToldOfALoadWhenItIsDecidedOnAndNotWhenItsBytesHaveCome() {
    KnowingPolicy policy = new KnowingPolicy();
    reopen(new WindowRig(4, policy));
    ExpertId moving = new ExpertId(1, 4);
    ExpertId queued = new ExpertId(1, 5);
    rig.offer(0, 1, 4);
    rig.offer(0, 1, 5);
    assertThat(policy.known).containsExactly(moving, queued);
    rig.move(1);
    rig.window.now(0, 2);
    assertThat(policy.known).as("both are given up, one has yet to stop").isEmpty();
    assertThat(rig.states()).hasSize(1);
    try (LayerDemand demand = rig.demand(1, 1, 4)) {
      assertThat(policy.known).as("it is wanted again before it stopped").containsExactly(moving);
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(4);
    }
    assertThat(policy.known).containsExactly(moving);
  }

  @Test
  void aPrefetchThatCompletesJustAsItIsGivenUpIsKnownToThePolicyAgain()
      throws InterruptedException {
    Thread race = new Thread(() -> rig.stepped.advance(0));
    KnowingPolicy policy =
        new KnowingPolicy() {
          @Override
          public void onEvict(ExpertId expert) {
            super.onEvict(expert);
            race.start();
            while (race.getState() != Thread.State.WAITING) {
              Thread.onSpinWait();
            }
          }
        };
    reopen(new WindowRig(4, policy));
    rig.offer(0, 1, 4);
    rig.move(WindowRig.BLOCKS - 1);
    rig.window.now(0, 2);
    race.join();
    assertThat(policy.known).containsExactly(new ExpertId(1, 4));
    assertThat(rig.isResident(1, 4)).isTrue();
  }

  /** Knows what the window has told it; refuses to be told twice. */
  private static class KnowingPolicy extends DelegatingPolicy {
    private final Set<ExpertId> known = new TreeSet<>();

    KnowingPolicy() {
      super(new LruPolicy(WindowRig.SHAPE));
    }

    @Override
    public void onInsert(ExpertId expert) {
      super.onInsert(expert);
      assertThat(known.add(expert)).isTrue();
    }

    @Override
    public void onEvict(ExpertId expert) {
      super.onEvict(expert);
      assertThat(known.remove(expert)).isTrue();
    }
  }

  @Test
  void aPrefetchThatStopsJustAsItIsDemandedIsLoadedAgain() throws InterruptedException {
    RacingPolicy policy = new RacingPolicy();
    reopen(new WindowRig(8, policy));
    rig.offer(0, 1, 4);
    rig.move(1);
    rig.window.now(0, 2);
    policy.race = new Thread(() -> rig.stepped.advance(0));
    try (LayerDemand demand = rig.demand(1, 1, 4)) {
      policy.race.join();
      assertThat(rig.window.stats().misses()).isEqualTo(1);
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(4);
    }
    assertPrefetches(1, 0, 0, 1, 0);
  }

  @Test
  void aPrefetchThatCompletesJustAsItIsDemandedIsALateHit() throws InterruptedException {
    RacingPolicy policy = new RacingPolicy();
    reopen(new WindowRig(8, policy));
    rig.offer(0, 1, 4);
    rig.move(WindowRig.BLOCKS - 1);
    policy.race = new Thread(() -> rig.stepped.advance(0));
    try (LayerDemand demand = rig.demand(0, 1, 4)) {
      policy.race.join();
      assertThat(rig.window.stats().lateHits()).isEqualTo(1);
      assertThat(experts(demand.nextReady(1))).containsExactly(4);
    }
    assertPrefetches(1, 1, 0, 0, 0);
  }

  /** Lets a thread run, while a demand holds the window's lock, until it waits for that lock. */
  private static final class RacingPolicy extends DelegatingPolicy {
    Thread race = new Thread();

    RacingPolicy() {
      super(new LruPolicy(WindowRig.SHAPE));
    }

    @Override
    public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
      super.onDemand(step, layer, experts, tokens);
      race.start();
      while (race.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }
  }
}
