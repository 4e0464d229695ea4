package dev.drey.runtime.bench;

import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.transfer.TransferConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * One way to run the same work.
 *
 * @param name for reports
 * @param group sequences and rows of a step
 * @param expertMemory size of the residency window
 * @param predictor who predicts
 * @param policy who chooses victims
 */
public record BenchCase(
    String name, SizedGroup group, MemorySize expertMemory, String predictor, String policy) {
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
    String grouped = options.groups().size() == 1 ? "" : ", group " + group.asked().label();
    if (size.percent() == 100) {
      return List.of(new BenchCase("resident" + grouped, group, size, NO_PREDICTOR, LRU));
    }
    String share = asked.percent() < 0 ? asked.bytes() + " B" : percent(asked.percent());
    List<String> policies = options.policies();
    List<BenchCase> cases = new ArrayList<>();
    for (String policy : policies) {
      String named = policies.size() == 1 ? "" : ", " + policy;
      cases.add(
          new BenchCase(
              share + " prefetch" + named + grouped, group, size, "gate.next-layer", policy));
    }
    cases.add(new BenchCase(share + " LRU" + grouped, group, size, NO_PREDICTOR, LRU));
    cases.add(
        new BenchCase(
            share + " on demand" + grouped, group, size, NO_PREDICTOR, "cacheless.load-use-drop"));
    return cases;
  }

  private static String percent(double percent) {
    return (percent == Math.rint(percent) ? String.valueOf((long) percent) : percent) + "%";
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
        .withStorage(options.storage());
  }
}
