package dev.drey.runtime.device.cuda;

import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.EngineStats;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens an engine for a small model on the cuda device, uses it, and closes it. */
final class SmallEngine {
  private static final Path MODEL = Path.of("src/test/resources/golden/qwen3_moe");
  private static final int[] PROMPT = {5, 17, 80, 33, 9, 211, 64};

  private SmallEngine() {}

  private static EngineConfig config(@Nullable MemorySize hostMemory) {
    return new EngineConfig(
            MODEL.toString(),
            "cuda",
            ComputeType.BF16,
            1,
            null,
            MemorySize.ofPercent(50),
            256,
            "gate.next-layer",
            "classic.lru",
            new ScheduleConfig(4, 2, 32, 16, 1_000_000_000L),
            TransferConfig.DEFAULT)
        .withHostMemory(hostMemory);
  }

  /** As {@link #generate(MemorySize)}, with a host tier for half of the experts. */
  static List<Integer> generate() throws IOException {
    return generate(MemorySize.ofPercent(50)).ids();
  }

  /**
   * What came out of a run.
   *
   * @param ids the tokens that a sequence of the small model continues with
   * @param stats of the engine at its end
   */
  record Run(List<Integer> ids, EngineStats stats) {}

  /** Opens the engine, with so much host memory or none, generates and closes it. */
  static Run generate(@Nullable MemorySize hostMemory) throws IOException {
    EngineStats stats;
    SamplingParams greedy =
        new SamplingParams(6, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), false, 0, -1);
    Sequence sequence = Sequence.fresh(SequenceRequest.generate("s", PROMPT, greedy));
    try (MoeEngine engine = MoeEngine.open(config(hostMemory))) {
      new DecodeLoop(engine).run(List.of(sequence).iterator(), done -> {});
      stats = engine.stats();
    }
    List<Integer> ids = new ArrayList<>();
    for (int id : sequence.progress().outputIds()) {
      ids.add(id);
    }
    return new Run(ids, stats);
  }
}
