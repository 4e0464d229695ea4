package dev.drey.runtime;

import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.transfer.TransferConfig;
import java.nio.file.Path;

/** Engine settings for tests. */
public final class TestEngines {
  /** The golden Qwen3-MoE: tiny, random, no tokenizer. */
  public static final Path GOLDEN = Path.of("src/test/resources/golden/qwen3_moe");

  private TestEngines() {}

  /** The golden model on the reference device with so much expert memory. */
  public static EngineConfig golden(String expertMemory) {
    return golden(GOLDEN, expertMemory);
  }

  /** A copy of it, likewise. */
  public static EngineConfig golden(Path copy, String expertMemory) {
    return new EngineConfig(
        copy.toString(),
        "reference",
        ComputeType.F32,
        1,
        null,
        MemorySize.parse(expertMemory),
        512,
        "gate.next-layer",
        "classic.lru",
        new ScheduleConfig(4, 4, 64, 32, 1_000_000_000L),
        TransferConfig.DEFAULT);
  }
}
