package dev.drey.runtime.transfer;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.memory.MemoryBudget;

/** A real transfer engine without threads: the test moves one block at a time. */
public final class SteppedEngine {
  public final FakeTicker ticker = new FakeTicker();
  public final TransferEngine engine;

  public SteppedEngine(
      Device device, MemoryBudget staging, int blockBytes, int capacity, TransferConfig config) {
    engine = TransferEngine.unstarted(device, staging, blockBytes, capacity, config, ticker);
  }

  /** Lets one worker move a block, or end or put back a transfer; false if it has nothing to do. */
  public boolean advance(int worker) {
    return engine.workers().get(worker).advance();
  }

  /** Lets every worker do one such thing; false if none has anything to do. */
  public boolean advanceAll() {
    boolean moved = false;
    for (int worker = 0; worker < engine.workers().size(); worker++) {
      moved |= advance(worker);
    }
    return moved;
  }

  /** Lets one worker go on until nothing is left. */
  public void drain(int worker) {
    while (advance(worker)) {}
  }
}
