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
 * @param expertMemory size of the residency window
 * @param predictor who predicts
 * @param policy who chooses victims
 */
public record BenchCase(String name, MemorySize expertMemory, String predictor, String policy) {
  private static final int MICRO_BATCH = 32;

  /**
   * The cases of a benchmark: everything resident where the window is 100 %; otherwise the same
   * window with prefetch under each policy, without prefetch (LRU), and with nothing kept from
   * layer to layer (load on demand).
   *
   * @param policies names of the cache policies to run with prefetch
   */
  static List<BenchCase> of(List<MemorySize> expertMemory, List<String> policies) {
    List<BenchCase> cases = new ArrayList<>();
    for (MemorySize size : expertMemory) {
      if (size.percent() == 100) {
        cases.add(new BenchCase("resident", size, "none", "classic.lru"));
      } else {
        String share = size.percent() < 0 ? size.bytes() + " B" : percent(size.percent());
        for (String policy : policies) {
          String named = policies.size() == 1 ? "" : ", " + policy;
          cases.add(new BenchCase(share + " prefetch" + named, size, "gate.next-layer", policy));
        }
        cases.add(new BenchCase(share + " LRU", size, "none", "classic.lru"));
        cases.add(new BenchCase(share + " on demand", size, "none", "cacheless.load-use-drop"));
      }
    }
    return cases;
  }

  private static String percent(double percent) {
    return (percent == Math.rint(percent) ? String.valueOf((long) percent) : percent) + "%";
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
            options.kvTokens(),
            predictor,
            policy,
            new ScheduleConfig(
                options.sequences(),
                Math.min(MICRO_BATCH, options.sequences()),
                options.stepTokens(),
                options.stepTokens(),
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
