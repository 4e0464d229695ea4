package dev.drey.operators.slot;

import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.slot.SlotRuntime;
import dev.drey.runtime.slot.SlotRuntimes;
import java.io.IOException;
import java.time.Duration;

/** The real engines: one per task slot, from the process-wide registry of the runtime. */
public final class MoeSlotEngines implements SlotEngines {
  private static final long serialVersionUID = 1L;
  private final EngineConfig config;
  private final Duration linger;

  /**
   * @param config how to open an engine
   * @param linger how long an engine stays open after its last user, for a restart to find it
   */
  public MoeSlotEngines(EngineConfig config, Duration linger) {
    this.config = config;
    this.linger = linger;
  }

  @Override
  public SlotLease acquire(SlotKey slot) throws IOException {
    SlotRuntime runtime =
        SlotRuntimes.acquire(
            new dev.drey.runtime.slot.SlotKey(slot.job(), slot.allocation()),
            config,
            slot.gpus(),
            linger);
    return new Lease(runtime, new MoeSlotEngine(runtime.engine()));
  }

  private record Lease(SlotRuntime runtime, MoeSlotEngine engine) implements SlotLease {
    @Override
    public void close() {
      runtime.close();
    }
  }
}
