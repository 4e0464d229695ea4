package dev.drey.runtime.residency;

import static dev.drey.runtime.residency.WindowRig.experts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemoryBudgetExceededException;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.trace.TraceSink;
import dev.drey.runtime.transfer.BrokenDevice;
import dev.drey.runtime.transfer.FakeDevice;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ResidencyFailureTest {
  private static final Duration PATIENT = Duration.ofSeconds(20);

  @Test
  void aLoadThatFailsFailsTheDemandWithTheExpertAndTheCauseAndTheWindowGoesOn() {
    try (WindowRig rig = new WindowRig(4)) {
      rig.source.failures.put(new ExpertId(0, 1), 2);
      try (LayerDemand demand = rig.demand(0, 0, 0, 1)) {
        rig.drain();
        assertThatThrownBy(() -> demand.nextReady(2))
            .isInstanceOf(ExpertLoadException.class)
            .hasMessage(
                "expert L0/E1 could not be loaded: expert L0/E1: block 0 of 8 could not be read"
                    + " in 2 attempts: no luck with L0/E1")
            .hasRootCauseInstanceOf(IOException.class);
        assertThatThrownBy(() -> demand.nextReady(2)).isInstanceOf(ExpertLoadException.class);
      }
      rig.use(1, 0, 0, 1);
    }
  }

  @Test
  void anExpertThatDoesNotArriveInTimeIsNamedWithWhatTheIoThreadsDo() {
    try (WindowRig rig = new WindowRig(2);
        LayerDemand demand = rig.demand(7, 3, 5)) {
      rig.move(2);
      assertThatThrownBy(() -> demand.nextReady(1))
          .isInstanceOf(ExpertLoadException.class)
          .hasMessageStartingWith(
              "expert L3/E5 did not arrive within 50 ms (demand of step 7, layer 3: 1 experts"
                  + " outstanding, 0 of them without a slot). I/O threads: drey-io-0: ")
          .hasMessageContaining("demand expert L3/E5, block 1 of 8");
    }
  }

  @Test
  void aWaitEndsWhenTheThreadIsInterrupted() {
    try (WindowRig rig = new WindowRig(2);
        LayerDemand demand = rig.demand(0, 0, 5)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> demand.nextReady(1))
          .isInstanceOf(CancellationException.class)
          .hasMessage("interrupted while waiting for L0/E5");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void aWaitEndsWhenTheWorkIsCancelled() {
    try (WindowRig rig = new WindowRig(2);
        LayerDemand demand = rig.demand(0, 0, 5)) {
      rig.window.cancelWhen(() -> true);
      assertThatThrownBy(() -> demand.nextReady(1))
          .isInstanceOf(CancellationException.class)
          .hasMessage("cancelled while waiting for L0/E5");
    }
  }

  @Test
  void anAbandonedDemandGivesItsLeasesBackAndCancelsItsLoads() {
    try (WindowRig rig = new WindowRig(4)) {
      try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2, 3, 4, 5)) {
        rig.stepped.drain(0);
        assertThat(experts(demand.nextReady(1))).containsExactly(0);
        demand.nextReady(1).get(0).release(DeviceEvent.REACHED);
        rig.move(3); // of expert 4
      }
      rig.window.checkConservation();
      rig.drain();
      assertThat(rig.source.begun).doesNotContain(new ExpertId(0, 5));
      assertThat(rig.window.stats().inFlight()).isZero();
      rig.use(1, 0, 0, 1, 2, 3, 4, 5);
    }
  }

  @Test
  void loadsOfAnAbandonedDemandAreStoppedQueuedOrMoving() {
    try (WindowRig rig = new WindowRig(4)) {
      try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2)) {
        rig.move(3);
        assertThat(demand.ready()).isZero();
      }
      rig.drain();
      assertThat(rig.source.begun).containsExactly(new ExpertId(0, 0));
      assertThat(rig.window.stats().free()).isEqualTo(4);
    }
  }

  @Test
  void aClosedDemandHandsNothingOutAndClosesTwice() {
    try (WindowRig rig = new WindowRig(4)) {
      LayerDemand demand = rig.demand(0, 0, 0);
      rig.drain();
      demand.close();
      demand.close();
      assertThatThrownBy(() -> demand.nextReady(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("demand of step 0, layer 0 is closed");
      assertThat(rig.isResident(0, 0)).isTrue();
    }
  }

  @Test
  void aLeaseOfAnAbandonedDemandCannotBeReleasedAgain() {
    try (WindowRig rig = new WindowRig(4)) {
      LayerDemand demand = rig.demand(0, 0, 0);
      rig.drain();
      ExpertLease lease = demand.nextReady(1).get(0);
      demand.close();
      assertThatThrownBy(() -> lease.release(DeviceEvent.REACHED))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void abandoningALeaseDoesNotForgetAnEarlierLastUse() {
    try (WindowRig rig = new WindowRig(2)) {
      boolean[] awaited = new boolean[1];
      ManualEvent lastUse = new ManualEvent(() -> awaited[0] = true);
      try (LayerDemand demand = rig.demand(0, 0, 0, 1)) {
        rig.drain();
        demand.nextReady(2).forEach(lease -> lease.release(lastUse));
      }
      try (LayerDemand demand = rig.demand(1, 0, 0, 1)) {
        assertThat(experts(demand.nextReady(2))).hasSize(2);
      }
      rig.use(1, 1, 0);
      assertThat(awaited).containsExactly(true);
    }
  }

  @Test
  void aPolicyThatThrowsBreaksTheWindowWithThatCause() {
    IllegalStateException bug = new IllegalStateException("policy bug");
    LruPolicy lru = new LruPolicy(WindowRig.SHAPE);
    DelegatingPolicy policy =
        new DelegatingPolicy(lru) {
          @Override
          public ExpertId victim(ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
            throw bug;
          }
        };
    WindowRig rig = new WindowRig(2, policy);
    rig.use(0, 0, 0, 1);
    assertThatThrownBy(() -> rig.demand(0, 1, 0)).isSameAs(bug);
    assertThatThrownBy(() -> rig.window.now(0, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasCause(bug);
    assertThat(rig.offer(0, 2, 0)).isFalse();
    rig.window.close();
  }

  @Test
  void aPolicyThatThrowsOnAnIoThreadReachesTheTaskThread() {
    IllegalStateException bug = new IllegalStateException("policy bug");
    assertReachesTheTaskThread(
        bug,
        () -> {
          throw bug;
        });
  }

  @Test
  void anErrorInADecisionOnAnIoThreadReachesTheTaskThreadAtOnce() {
    NoClassDefFoundError missing = new NoClassDefFoundError("test");
    assertReachesTheTaskThread(
        missing,
        () -> {
          throw missing;
        });
  }

  private static void assertReachesTheTaskThread(Throwable cause, Runnable evicting) {
    DelegatingPolicy policy =
        new DelegatingPolicy(new LruPolicy(WindowRig.SHAPE)) {
          @Override
          public void onEvict(ExpertId expert) {
            evicting.run();
          }
        };
    WindowRig rig = new WindowRig(2, policy);
    rig.source.failures.put(new ExpertId(0, 0), 2);
    LayerDemand demand = rig.demand(0, 0, 0);
    rig.drain();
    assertThatThrownBy(() -> demand.nextReady(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the residency window is broken")
        .hasCause(cause);
    demand.close();
    rig.window.close();
  }

  @Test
  void aPrefetchThatFailsJustAsItIsAskedForLeavesThePolicyInStep() throws Exception {
    ExpertId expert = new ExpertId(1, 3);
    Set<ExpertId> known = new HashSet<>();
    List<Runnable> meanwhile = new ArrayList<>();
    DelegatingPolicy policy =
        new DelegatingPolicy(new LruPolicy(WindowRig.SHAPE)) {
          @Override
          public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
            super.onDemand(step, layer, experts, tokens);
            meanwhile.forEach(Runnable::run);
            meanwhile.clear();
          }

          @Override
          public void onInsert(ExpertId inserted) {
            assertThat(known.add(inserted)).as("%s is new", inserted).isTrue();
            super.onInsert(inserted);
          }

          @Override
          public void onEvict(ExpertId evicted) {
            assertThat(known.remove(evicted)).as("%s was there", evicted).isTrue();
            super.onEvict(evicted);
          }
        };
    try (WindowRig rig = new WindowRig(4, policy)) {
      assertThat(rig.offer(1, 1, 3))
          .as("for the next step, so that this one does not drop it")
          .isTrue();
      rig.move(1);
      rig.source.failures.put(expert, 2);
      Thread failing = new Thread(() -> rig.stepped.advance(0));
      meanwhile.add(
          () -> { // under the window's lock: the failed load cannot be reported yet
            failing.start();
            while (failing.getState() != Thread.State.WAITING) {
              Thread.onSpinWait();
            }
          });
      try (LayerDemand demand = rig.demand(0, 1, 3)) {
        failing.join();
        rig.drain();
        assertThat(experts(demand.nextReady(1))).containsExactly(3);
      }
      assertThat(known).containsExactly(expert);
      rig.use(1, 0, 0, 1, 2, 3);
      assertThat(known).hasSize(4).doesNotContain(expert);
    }
  }

  @Test
  void slotsAreFreedThoughACopyStreamDoesNotCloseCleanly() {
    IllegalStateException bug = new IllegalStateException("stream bug");
    MemoryBudget slots = MemoryBudget.root("slots", 1 << 20);
    MemoryBudget staging = MemoryBudget.root("staging", 1 << 20);
    ResidencyWindow window =
        open(BrokenDevice.whoseStreamsDoNotClose(bug), 3, slots, staging, PATIENT);
    assertThatThrownBy(window::close).isSameAs(bug);
    slots.close();
    staging.close();
  }

  @Test
  void aVictimThatIsNoCandidateIsRefused() {
    DelegatingPolicy policy =
        new DelegatingPolicy(new LruPolicy(WindowRig.SHAPE)) {
          @Override
          public ExpertId victim(ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
            return new ExpertId(3, 3);
          }
        };
    WindowRig rig = new WindowRig(2, policy);
    rig.use(0, 0, 0, 1);
    assertThatThrownBy(() -> rig.demand(0, 1, 0))
        .hasMessage(
            "cache policy 'test.classic.lru' chose L3/E3, which is not among the candidates"
                + " [L0/E0, L0/E1]");
    rig.window.close();
  }

  @Test
  void fewerThanTwoSlotsAreRefusedWithTheBytesThatWouldDo() {
    MemoryBudget budget = MemoryBudget.root("test", 1 << 20);
    assertThatThrownBy(() -> open(new FakeDevice(false), 1, budget, budget, PATIENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a residency window needs at least 2 slots (one expert computes, one arrives), found"
                + " 1; 1280 bytes would do");
    budget.close();
  }

  @Test
  void aWindowThatDoesNotFitItsBudgetsLeavesNothingBehind() {
    MemoryBudget slots = MemoryBudget.root("slots", 3 * 640);
    MemoryBudget staging = MemoryBudget.root("staging", 2 * 4096);
    assertThatThrownBy(() -> open(new FakeDevice(false), 4, slots, staging, PATIENT))
        .isInstanceOf(MemoryBudgetExceededException.class)
        .hasMessageContaining("'slots'");
    assertThatThrownBy(() -> open(new FakeDevice(false), 3, slots, staging, PATIENT))
        .isInstanceOf(MemoryBudgetExceededException.class)
        .hasMessageContaining("'staging'");
    slots.close();
    staging.close();
  }

  @Test
  void aWindowUsesExactlyTheBytesItAnnounces() {
    FakeDevice device = new FakeDevice(false);
    MemoryBudget slots = MemoryBudget.root("slots", 1 << 20);
    MemoryBudget staging = MemoryBudget.root("staging", 1 << 20);
    try (ResidencyWindow window = open(device, 3, slots, staging, PATIENT)) {
      window.checkConservation();
      assertThat(slots.usedBytes())
          .isEqualTo(3 * device.expertLayout(FakeExpertSource.SHAPE).bytes());
      assertThat(staging.usedBytes())
          .isEqualTo(
              ResidencyWindow.stagingBytes(
                  device,
                  new FakeExpertSource(2, 4),
                  FakeExpertSource.SHAPE,
                  new TransferConfig(2, 0, PATIENT, 2)));
    }
    slots.close();
    staging.close();
  }

  @Test
  void closingEndsTheWaitOfATaskThread() throws Exception {
    WindowRig rig =
        new WindowRig(2, new LruPolicy(WindowRig.SHAPE), new TransferConfig(2, 0, PATIENT, 2));
    LayerDemand demand = rig.demand(0, 0, 1);
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    Thread task =
        new Thread(
            () -> {
              try (demand) {
                while (true) {
                  demand.nextReady(1);
                }
              } catch (RuntimeException e) {
                ended.complete(e);
              }
            });
    rig.window.cancelWhen(() -> false);
    task.start();
    while (task.getState() != Thread.State.TIMED_WAITING && !ended.isDone()) {
      Thread.onSpinWait();
    }
    rig.close();
    assertThat(ended.get(20, TimeUnit.SECONDS))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the residency window is closed");
    task.join();
  }

  @Test
  void aClosedWindowRefusesAndClosesTwice() {
    WindowRig rig = new WindowRig(2);
    rig.close();
    rig.window.close();
    assertThatThrownBy(() -> rig.demand(0, 0, 0)).hasMessage("the residency window is closed");
    assertThatThrownBy(() -> rig.window.now(0, 0)).hasMessage("the residency window is closed");
    assertThat(rig.offer(0, 0, 0)).isFalse();
    assertThat(rig.window.stats().slots()).isEqualTo(2);
  }

  @Test
  void memoryThatIsStillLeasedIsNotFreed() {
    WindowRig rig = new WindowRig(2);
    LayerDemand demand = rig.demand(0, 0, 1);
    rig.drain();
    List<ExpertLease> leases = demand.nextReady(1);
    assertThatThrownBy(rig.window::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("residency window closed with 1 of 2 slots leased; they are not freed");
    assertThat(experts(leases)).containsExactly(1);
    demand.close();
  }

  private static ResidencyWindow open(
      Device device, int slots, MemoryBudget window, MemoryBudget staging, Duration deadline) {
    return ResidencyWindow.open(
        device,
        new FakeExpertSource(2, 4),
        FakeExpertSource.SHAPE,
        slots,
        window,
        staging,
        new LruPolicy(WindowRig.SHAPE),
        new TransferConfig(2, 0, deadline, 2),
        TraceSink.NONE);
  }
}
