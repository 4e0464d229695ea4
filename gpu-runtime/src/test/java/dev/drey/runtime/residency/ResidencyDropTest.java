package dev.drey.runtime.residency;

import static dev.drey.runtime.residency.WindowRig.experts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.DropPolicy;
import dev.drey.runtime.device.DeviceEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A window whose policy keeps nothing: load, use, drop. */
class ResidencyDropTest {
  private final WindowRig rig = new WindowRig(8, new DropPolicy());

  @AfterEach
  void nothingLeaks() {
    rig.close();
  }

  @Test
  void whatWasUsedIsGoneWhenItsDemandEnds() {
    rig.use(0, 0, 1, 2);
    assertThat(rig.window.stats().resident()).isZero();
    rig.use(0, 0, 1, 2);
    assertThat(rig.window.stats().hits()).isZero();
    assertThat(rig.window.stats().misses()).isEqualTo(4);
    assertThat(rig.window.stats().evictions()).isEqualTo(4);
  }

  @Test
  void whatWasUsedStaysAsLongAsItsDemandIsOpen() {
    try (LayerDemand demand = rig.demand(0, 0, 1, 2)) {
      rig.drain();
      demand.nextReady(1).forEach(lease -> lease.release(DeviceEvent.REACHED));
      assertThat(rig.window.stats().resident()).isEqualTo(2);
      assertThat(experts(demand.nextReady(1))).hasSize(1);
    }
    assertThat(rig.window.stats().resident()).isZero();
  }

  @Test
  void moreExpertsThanSlotsStreamThrough() {
    rig.close();
    try (WindowRig small = new WindowRig(2, new DropPolicy())) {
      small.use(0, 0, 0, 1, 2, 3, 4);
      assertThat(small.window.stats().misses()).isEqualTo(5);
      assertThat(small.window.stats().resident()).isZero();
    }
  }

  @Test
  void whatWasPredictedForALaterLayerStaysUntilThat() {
    try (LayerDemand demand = rig.demand(0, 0, 1)) {
      rig.offer(0, 1, 5);
      rig.drain();
      assertThat(experts(demand.nextReady(1))).containsExactly(1);
    }
    assertThat(rig.window.stats().resident()).isEqualTo(1);
    rig.use(0, 1, 5);
    assertThat(rig.window.stats().hits()).isEqualTo(1);
    assertThat(rig.window.stats().resident()).isZero();
  }
}
