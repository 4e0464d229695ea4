package dev.drey.runtime.residency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Thousands of random operations on one window: demands of any size, batches, releases in any order
 * with events that are reached at any time, abandoned demands, predictions right and wrong, moving
 * clocks, failing reads, and I/O threads that go on whenever they like. After every single one the
 * books must balance, what is leased must hold the right bytes, and nothing may be delivered twice.
 */
class ResidencyPropertyTest {
  private static final int OPERATIONS = 4000;

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5, 7, 8, 12, 20, 32, 40})
  void holdsForWindowsOfEverySize(int slots) {
    for (long seed = 0; seed < 3; seed++) {
      try (WindowRig rig = new WindowRig(slots)) {
        operate(rig, 1000 * seed + slots);
      }
    }
  }

  /** What still fetches when the window has closed keeps the tier from closing. */
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 12, 32})
  void holdsWithAHostTierOfAnySizeBeforeTheSource(int hostSlots) {
    for (int slots : new int[] {2, 5, 12}) {
      try (WindowRig rig = WindowRig.withHostTier(slots, hostSlots)) {
        operate(rig, 100L * hostSlots + slots);
      }
    }
  }

  static Set<String> policies() {
    return CachePolicies.names();
  }

  @ParameterizedTest
  @MethodSource("policies")
  void holdsForEveryPolicy(String name) {
    for (int slots : new int[] {2, 5, 13, 24}) {
      CacheShape shape = CacheShape.of(WindowRig.LAYERS, WindowRig.EXPERTS, slots);
      try (WindowRig rig = new WindowRig(slots, CachePolicies.named(name, shape))) {
        operate(rig, slots);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 7, 12, 20})
  void holdsWhateverThePolicySpares(int slots) {
    for (int period = 1; period <= 3; period++) {
      int every = period;
      SparingPolicy policy =
          new SparingPolicy(
              (resident, incoming) -> (resident.index() + incoming.index()) % every == 0);
      try (WindowRig rig = new WindowRig(slots, policy)) {
        operate(rig, slots);
      }
    }
  }

  private static void operate(WindowRig rig, long seed) {
    Run run = new Run(rig, new Random(seed));
    for (int i = 0; i < OPERATIONS; i++) {
      run.operate();
      run.check();
    }
    run.finish();
    assertThat(run.delivered).isGreaterThan(OPERATIONS / 20);
  }

  private static final class Run {
    private final WindowRig rig;
    private final Random random;
    private final List<ExpertLease> leases = new ArrayList<>();
    private final List<ManualEvent> events = new ArrayList<>();
    private final Set<ExpertId> outstanding = new HashSet<>();
    private @Nullable LayerDemand demand;
    private final Set<ExpertId> broken = new HashSet<>();
    private long step;
    private int layer;
    int delivered;

    Run(WindowRig rig, Random random) {
      this.rig = rig;
      this.random = random;
    }

    void operate() {
      int choice = random.nextInt(100);
      if (choice < 40) {
        rig.stepped.advance(random.nextInt(2));
      } else if (choice < 55) {
        rig.offer(step + random.nextInt(2), random.nextInt(WindowRig.LAYERS), anyExpert());
      } else if (choice < 60) {
        reachSomeEvent();
      } else if (choice < 62 && demand == null) {
        rig.window.now(step, layer);
      } else if (choice < 63) {
        breakSomeReads();
      } else if (choice < 64) {
        endDemand();
      } else if (choice < 80) {
        releaseOne();
      } else if (demand == null) {
        beginDemand();
      } else {
        receive(demand);
      }
    }

    private int anyExpert() {
      return random.nextInt(WindowRig.EXPERTS);
    }

    private void beginDemand() {
      layer++;
      if (layer == WindowRig.LAYERS) {
        layer = 0;
        step = random.nextInt(50) == 0 ? 0 : step + 1;
      }
      int[] experts =
          random
              .ints(0, WindowRig.EXPERTS)
              .limit(1 + random.nextInt(12))
              .sorted()
              .distinct()
              .toArray();
      demand = rig.demand(step, layer, experts);
      for (int expert : experts) {
        outstanding.add(new ExpertId(layer, expert));
      }
    }

    private void receive(LayerDemand open) {
      if (open.ready() == 0 && !outstanding.isEmpty() && !makeReady(open)) {
        return;
      }
      try {
        List<ExpertLease> batch = open.nextReady(1 + random.nextInt(WindowRig.EXPERTS));
        assertThat(batch.isEmpty()).isEqualTo(outstanding.isEmpty());
        for (ExpertLease lease : batch) {
          assertThat(outstanding.remove(lease.id())).as("delivered twice: %s", lease).isTrue();
          leases.add(lease);
          delivered++;
        }
      } catch (ExpertLoadException e) {
        assertThat(broken).as(e.getMessage()).contains(e.expert());
        endDemand();
      }
      if (outstanding.isEmpty() && random.nextBoolean()) {
        endDemand();
      }
    }

    /** Drives the I/O threads until something can be received; false if leases must go first. */
    private boolean makeReady(LayerDemand open) {
      while (open.ready() == 0) {
        boolean moved = rig.stepped.advanceAll();
        if (!moved && open.ready() == 0) {
          if (!leases.isEmpty()) {
            return false;
          }
          assertThat(broken)
              .as("nothing is held and nothing moves")
              .containsAnyElementsOf(outstanding);
          return true; // nextReady tells what failed
        }
      }
      return true;
    }

    private void releaseOne() {
      if (!leases.isEmpty()) {
        ExpertLease lease = leases.remove(random.nextInt(leases.size()));
        lease.release(random.nextBoolean() ? DeviceEvent.REACHED : anyEvent());
      }
    }

    private DeviceEvent anyEvent() {
      ManualEvent event = new ManualEvent();
      events.add(event);
      return event;
    }

    private void reachSomeEvent() {
      if (!events.isEmpty()) {
        events.remove(random.nextInt(events.size())).reach();
      }
    }

    private void breakSomeReads() {
      synchronized (rig.source.failures) {
        ExpertId expert = new ExpertId(random.nextInt(WindowRig.LAYERS), anyExpert());
        rig.source.failures.put(expert, 1 + random.nextInt(3));
        broken.add(expert);
      }
    }

    private void endDemand() {
      LayerDemand open = demand;
      if (open != null) {
        open.close();
        demand = null;
        leases.clear();
        outstanding.clear();
      }
    }

    void check() {
      rig.window.checkConservation();
      for (ExpertLease lease : leases) {
        lease.arrival().await();
        assertThat(FakeExpertSource.holds(lease.expert(), lease.id())).as("%s", lease).isTrue();
      }
    }

    void finish() {
      endDemand();
      synchronized (rig.source.failures) {
        rig.source.failures.clear();
      }
      rig.drain();
      check();
      assertThat(rig.window.stats().inFlight()).isZero();
    }
  }
}
