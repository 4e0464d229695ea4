package dev.drey.runtime.bench;

import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.layers.ExpertOrder;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.transfer.TransferConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * One way to run the same work.
 *
 * @param window the window asked for, as reports tell it; empty where everything is resident
 * @param kind what else tells it from others: cases of a kind differ in their windows alone
 * @param group sequences and rows of a step
 * @param expertMemory size of the residency window
 * @param predictor who predicts
 * @param policy who chooses victims
 * @param order when experts that are needed are computed
 */
public record BenchCase(
    String window,
    String kind,
    SizedGroup group,
    MemorySize expertMemory,
    String predictor,
    String policy,
    ExpertOrder order) {
  private static final int MICRO_BATCH = 32;
  private static final String NO_PREDICTOR = "none";
  private static final String LRU = "classic.lru";

  /**
   * The cases of a group and a window: everything resident where the window is 100 %; otherwise the
   * same window with prefetch under each policy, without prefetch (LRU), and with nothing kept from
   * layer to layer (load on demand). Names tell the group where the benchmark has several.
   *
   * @param asked the window asked for, which names tell
   * @param size the window they have, which is another one where the planner splits the memory
   */
  static List<BenchCase> of(
      SizedGroup group, MemorySize asked, MemorySize size, BenchOptions options) {
    if (size.percent() == 100) {
      return List.of(resident(group, options));
    }
    String grouped = grouped(group, options);
    List<BenchCase> cases = new ArrayList<>();
    for (String policy : options.policies()) {
      String kind = "prefetch" + named(policy, options) + grouped;
      cases.add(prefetching(kind, group, asked, size, policy));
    }
    cases.add(smaller("LRU" + grouped, group, asked, size, NO_PREDICTOR, LRU));
    cases.add(onDemand("on demand" + grouped, group, asked, size));
    return cases;
  }

  /** Everything resident. */
  static BenchCase resident(SizedGroup group, BenchOptions options) {
    return new BenchCase(
        "",
        "resident" + grouped(group, options),
        group,
        MemorySize.ofPercent(100),
        NO_PREDICTOR,
        LRU,
        ExpertOrder.ARRIVAL);
  }

  /** What the gate of the next layer predicts is brought in ahead. */
  static BenchCase prefetching(
      String kind, SizedGroup group, MemorySize asked, MemorySize size, String policy) {
    return smaller(kind, group, asked, size, "gate.next-layer", policy);
  }

  /** Nothing is kept from layer to layer. */
  static BenchCase onDemand(String kind, SizedGroup group, MemorySize asked, MemorySize size) {
    return smaller(kind, group, asked, size, NO_PREDICTOR, "cacheless.load-use-drop");
  }

  private static BenchCase smaller(
      String kind,
      SizedGroup group,
      MemorySize asked,
      MemorySize size,
      String predictor,
      String policy) {
    String share = label(asked);
    return new BenchCase(share, kind, group, size, predictor, policy, ExpertOrder.ARRIVAL);
  }

  BenchCase withOrder(ExpertOrder other) {
    return new BenchCase(window, kind, group, expertMemory, predictor, policy, other);
  }

  /** What tells a group, where the benchmark has several. */
  static String grouped(SizedGroup group, BenchOptions options) {
    return options.groups().size() == 1 ? "" : ", group " + group.asked().label();
  }

  /** What tells a policy, where the benchmark has several. */
  static String named(String policy, BenchOptions options) {
    return options.policies().size() == 1 ? "" : ", " + policy;
  }

  /** A window as names tell it. */
  static String label(MemorySize window) {
    double percent = window.percent();
    if (percent < 0) {
      return window.bytes() + " B";
    }
    return (percent == Math.rint(percent) ? String.valueOf((long) percent) : percent) + "%";
  }

  /** The name for reports. */
  public String name() {
    return window.isEmpty() ? kind : window + " " + kind;
  }

  /** Whether experts are asked for before they are needed. */
  boolean prefetches() {
    return !predictor.equals(NO_PREDICTOR);
  }

  /**
   * The engine for this case. The scheduler's clock is out of play, so that all do equal steps, and
   * prefixes are not reused: the same prompts come in every round.
   */
  EngineConfig engine(BenchOptions options) {
    TransferConfig transfer = TransferConfig.DEFAULT;
    return new EngineConfig(
            options.model().toString(),
            options.device(),
            options.compute(),
            options.threads(),
            null,
            expertMemory,
            group.kvTokens(options),
            predictor,
            policy,
            new ScheduleConfig(
                group.sequences(),
                Math.min(MICRO_BATCH, group.sequences()),
                group.stepTokens(),
                group.stepTokens(),
                Long.MAX_VALUE,
                /* prefixReuse= */ false),
            new TransferConfig(
                options.ioThreads(),
                options.linkBytesPerSecond(),
                transfer.deadline(),
                transfer.attempts()))
        .onGpu(options.deviceIndex())
        .withHostMemory(options.hostMemory())
        .withStorage(options.storage())
        .withExpertOrder(order);
  }
}
