package dev.drey.runtime.residency;

import static dev.drey.runtime.residency.WindowRig.experts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Demands whose experts are handed out together. */
class ResidencyTogetherTest {
  private static List<List<Integer>> portions(WindowRig rig, LayerDemand demand) {
    List<List<Integer>> portions = new ArrayList<>();
    while (demand.undelivered() > 0) {
      rig.drain();
      List<ExpertLease> leases = demand.nextTogether();
      portions.add(experts(leases));
      assertThat(rig.window.stats().inFlight()).isZero(); // nothing comes while these compute
      leases.forEach(lease -> lease.release(DeviceEvent.REACHED));
    }
    return portions;
  }

  @Test
  void noneIsHandedOutBeforeAllHaveArrived() {
    try (WindowRig rig = new WindowRig(8)) {
      rig.use(0, 0, 3, 5);
      try (LayerDemand demand = rig.demand(1, 0, 1, 3, 4, 5)) {
        rig.stepped.advance(0);
        rig.stepped.drain(1);
        assertThat(demand.ready()).isEqualTo(3);
        assertThatThrownBy(demand::nextTogether)
            .isInstanceOf(ExpertLoadException.class)
            .hasMessageContaining("did not arrive");
        assertThat(demand.undelivered()).isEqualTo(4);
        rig.stepped.drain(0);
        assertThat(experts(demand.nextTogether())).containsExactly(3, 5, 4, 1);
        assertThat(demand.nextTogether()).isEmpty();
      }
    }
  }

  @Test
  void moreThanTheWindowHoldsComeInPortionsThatFillIt() {
    try (WindowRig rig = new WindowRig(3)) {
      try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2, 3, 4, 5, 6, 7)) {
        assertThat(portions(rig, demand))
            .containsExactly(List.of(0, 1, 2), List.of(3, 4, 5), List.of(6, 7));
      }
    }
  }

  @Test
  void prefetchesUnderWayMakeRoomAndAreWaitedForUntilTheyHave() {
    try (WindowRig rig = new WindowRig(4)) {
      rig.offer(0, 1, 0);
      rig.offer(0, 1, 1);
      rig.move(1);
      try (LayerDemand demand = rig.demand(0, 0, 0, 1, 2, 3)) {
        assertThat(portions(rig, demand)).containsExactly(List.of(0, 1, 2, 3));
      }
    }
  }

  @Test
  void aWindowThatIsSparedHandsOutWhatFitsBesides() {
    Set<ExpertId> spared = Set.of(new ExpertId(0, 0), new ExpertId(0, 1), new ExpertId(0, 2));
    try (WindowRig rig =
        new WindowRig(4, new SparingPolicy((resident, incoming) -> spared.contains(resident)))) {
      rig.use(0, 0, 0, 1, 2, 3);
      try (LayerDemand demand = rig.demand(0, 1, 0, 1, 2)) {
        assertThat(portions(rig, demand)).containsExactly(List.of(0, 1), List.of(2));
      }
    }
  }
}
