package dev.drey.runtime.residency;

import static dev.drey.runtime.residency.WindowRig.experts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A window whose policy would rather let others wait than give certain experts up. */
class ResidencySparingTest {
  private final Set<ExpertId> spared = new HashSet<>();
  private final List<String> seen = new ArrayList<>();
  private final WindowRig rig =
      new WindowRig(
          4,
          new SparingPolicy((resident, incoming) -> spared.contains(resident)) {
            @Override
            public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
              super.onDemand(step, layer, experts, tokens);
              seen.add(experts + " by " + Arrays.toString(tokens));
            }

            @Override
            public void onPrediction(long step, int issuedAtLayer, ExpertId expert, float score) {
              super.onPrediction(step, issuedAtLayer, expert, score);
              seen.add(expert + " in " + step + " at " + issuedAtLayer + ": " + score);
            }
          });

  @AfterEach
  void nothingLeaks() {
    rig.close();
  }

  private void fill(int... sparedExperts) {
    rig.use(0, 0, 0, 1, 2, 3);
    for (int expert : sparedExperts) {
      spared.add(new ExpertId(0, expert));
    }
  }

  private List<Integer> residentOfLayer0() {
    List<Integer> resident = new ArrayList<>();
    for (int expert = 0; expert < 4; expert++) {
      if (rig.isResident(0, expert)) {
        resident.add(expert);
      }
    }
    return resident;
  }

  @Test
  void aSparedExpertDoesNotLeaveForAPrefetch() {
    fill(0, 1, 2, 3);
    assertThat(rig.offer(0, 1, 5)).isTrue(); // it waits
    rig.drain();
    assertThat(rig.window.stats().prefetchIssued()).isZero();
    assertThat(residentOfLayer0()).containsExactly(0, 1, 2, 3);
  }

  @Test
  void aDemandStreamsThroughTheSlotsThatAreNotSpared() {
    fill(0, 1);
    rig.use(0, 1, 0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(rig.window.stats().evictions()).isEqualTo(8);
    assertThat(residentOfLayer0()).containsExactly(0, 1);
  }

  @Test
  void aDemandTakesSparedExpertsUntilTwoSlotsServeIt() {
    fill(0, 1, 2);
    try (LayerDemand demand = rig.demand(0, 1, 0, 1, 2)) {
      assertThat(rig.window.stats().inFlight()).isEqualTo(2);
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(0);
      assertThat(rig.window.stats().inFlight()).isZero(); // one leased, one ready
    }
    assertThat(residentOfLayer0()).containsExactly(1, 2);
  }

  @Test
  void whoHoldsAllSlotsThatServeHimGetsASparedOneWhenHeAsksForMore() throws InterruptedException {
    fill(0, 1);
    try (LayerDemand demand = rig.demand(0, 1, 0, 1, 2)) {
      rig.drain();
      List<ExpertLease> held = demand.nextReady(2);
      assertThat(experts(held)).containsExactly(0, 1);
      Thread io =
          new Thread(
              () -> {
                while (rig.window.stats().inFlight() == 0) {
                  Thread.onSpinWait();
                }
                rig.drain();
              });
      io.start();
      assertThat(experts(demand.nextReady(2))).containsExactly(2);
      io.join();
      held.forEach(lease -> lease.release(DeviceEvent.REACHED));
    }
    assertThat(residentOfLayer0()).containsExactly(1);
  }

  @Test
  void thePolicyHearsOfTokensAndOfPredictionsThatAreNotTooLate() {
    try (LayerDemand demand = rig.window.demand(3, 1, new int[] {2, 5}, new int[] {7, 1}, 2)) {
      assertThat(demand.undelivered()).isEqualTo(2);
    }
    rig.offer(3, 2, 4);
    rig.offer(3, 1, 4); // its layer has been demanded
    rig.offer(4, 0, 1);
    assertThat(seen)
        .containsExactly(
            "[L1/E2, L1/E5] by [7, 1]", "L2/E4 in 3 at 1: 1.0", "L0/E1 in 4 at -1: 1.0");
  }
}
