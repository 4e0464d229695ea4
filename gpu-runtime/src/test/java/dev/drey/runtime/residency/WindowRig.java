package dev.drey.runtime.residency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.hosttier.HostTier;
import dev.drey.runtime.hosttier.HostTierPlan;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.trace.TraceSink;
import dev.drey.runtime.transfer.FakeDevice;
import dev.drey.runtime.transfer.FakeHostMemory;
import dev.drey.runtime.transfer.SteppedEngine;
import dev.drey.runtime.transfer.TransferConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A window of four layers with eight experts each, on a device that copies as late as it may, whose
 * two I/O workers the test drives. Closing it checks that the books balance and nothing leaks.
 */
final class WindowRig implements AutoCloseable {
  static final int LAYERS = 4;
  static final int EXPERTS = 8;
  static final TransferConfig CONFIG = new TransferConfig(2, 0, Duration.ofMillis(50), 2);

  /** Blocks of one expert. */
  static final int BLOCKS = 8;

  static final CacheShape SHAPE = CacheShape.of(LAYERS, EXPERTS, 4);

  private final MemoryBudget root = MemoryBudget.root("test", 1 << 24);
  private final MemoryBudget slots = root.child("slots");
  private final MemoryBudget staging = root.child("staging");
  final FakeExpertSource source = new FakeExpertSource(LAYERS, EXPERTS);
  final SteppedEngine stepped;
  final ResidencyWindow window;
  private final SlotTable table;
  private final @Nullable HostTier tier;

  WindowRig(int count) {
    this(count, new LruPolicy(SHAPE));
  }

  WindowRig(int count, CachePolicy policy) {
    this(count, policy, CONFIG);
  }

  WindowRig(int count, CachePolicy policy, TransferConfig config) {
    this(count, policy, config, TraceSink.NONE);
  }

  WindowRig(int count, CachePolicy policy, TransferConfig config, TraceSink trace) {
    this(count, policy, config, trace, null);
  }

  /** A window with room for so many experts in a host tier before its source. */
  static WindowRig withHostTier(int count, int hostSlots) {
    return new WindowRig(count, new LruPolicy(SHAPE), CONFIG, TraceSink.NONE, hostSlots);
  }

  private WindowRig(
      int count,
      CachePolicy policy,
      TransferConfig config,
      TraceSink trace,
      @Nullable Integer hostSlots) {
    FakeDevice device = new FakeDevice(true);
    ExpertLayout layout = device.expertLayout(FakeExpertSource.SHAPE);
    table = SlotTable.allocate(device, layout, count, slots, LAYERS, EXPERTS);
    tier = hostSlots == null ? null : tier(layout, hostSlots);
    ExpertSource experts = tier == null ? source : tier.before(source);
    ExpertBlocks blocks = experts.blocks(layout);
    stepped = new SteppedEngine(device, staging, blocks.largest(), count, config);
    window =
        new ResidencyWindow(
            table, stepped.engine, blocks, policy, config, stepped.ticker::nanoTime, trace);
  }

  private HostTier tier(ExpertLayout layout, int slots) {
    MemorySize size = MemorySize.ofPercent(100.0 * slots / (LAYERS * EXPERTS));
    HostTierPlan plan = HostTierPlan.of(source, layout, LAYERS * EXPERTS, size);
    assertThat(plan.slots()).isEqualTo(slots);
    return HostTier.open(plan, new FakeHostMemory());
  }

  LayerDemand demand(long step, int layer, int... experts) {
    int[] tokens = new int[experts.length];
    Arrays.fill(tokens, 1);
    return window.demand(step, layer, experts, tokens, experts.length);
  }

  boolean offer(long step, int layer, int expert) {
    return window.offer(prediction(step, layer, expert)) == 1;
  }

  /** Experts of a layer, predicted at the layer before. */
  static Prediction prediction(long step, int layer, int... experts) {
    float[] scores = new float[experts.length];
    Arrays.fill(scores, 1);
    return new Prediction(step, layer - 1, layer, experts.length, experts, scores);
  }

  /** Lets the first worker move so many blocks. */
  void move(int blocks) {
    for (int i = 0; i < blocks; i++) {
      assertThat(stepped.advance(0)).isTrue();
    }
  }

  /** Lets the I/O workers finish everything. */
  void drain() {
    while (stepped.advanceAll()) {}
  }

  /** Loads and uses experts as one demand. */
  void use(long step, int layer, int... experts) {
    try (LayerDemand demand = demand(step, layer, experts)) {
      while (demand.undelivered() > 0) {
        drain();
        demand.nextReady(EXPERTS).forEach(lease -> lease.release(DeviceEvent.REACHED));
      }
    }
  }

  /** States of the slots that are not free. */
  List<SlotState> states() {
    return table.slots().stream()
        .map(Slot::state)
        .filter(state -> state != SlotState.FREE)
        .sorted()
        .toList();
  }

  /** The experts of some leases, whose slots must hold them. */
  static List<Integer> experts(List<ExpertLease> leases) {
    List<Integer> experts = new ArrayList<>();
    for (ExpertLease lease : leases) {
      lease.arrival().await();
      assertThat(FakeExpertSource.holds(lease.expert(), lease.id())).as("%s", lease).isTrue();
      experts.add(lease.id().index());
    }
    return experts;
  }

  /** Whether an expert is in the window: whether a demand would hit it. */
  boolean isResident(int layer, int expert) {
    long before = window.stats().hits();
    try (LayerDemand demand = demand(1_000_000, layer, expert)) {
      assertThat(demand.undelivered()).isEqualTo(1);
    }
    return window.stats().hits() > before;
  }

  @Override
  public void close() {
    window.checkConservation();
    window.close();
    window.checkConservation();
    if (tier != null) {
      tier.close();
    }
    assertThat(root.usedBytes()).as(root.describe()).isZero();
    slots.close();
    staging.close();
    root.close();
  }
}
