package dev.drey.runtime.bench;

import dev.drey.runtime.Devices;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.CheckpointSummary;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ModelConfig;
import java.nio.file.Path;

/**
 * Measures the machine for one model, in about three seconds besides opening the device. Opens a
 * device of its own and closes it again.
 */
final class MachineProbe {
  private final BenchOptions options;

  MachineProbe(BenchOptions options) {
    this.options = options;
  }

  /** Bytes of all routed experts of a model, as they lie in its files. */
  static long expertBytes(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      CheckpointSummary summary = checkpoint.summary();
      return summary.totalExperts() * summary.expertBytes();
    }
  }

  /** Measures everything. */
  Machine measure() {
    long start = System.nanoTime();
    try (Checkpoint checkpoint = Checkpoint.open(options.model());
        MemoryBudget budget = MemoryBudget.root("machine probe", Long.MAX_VALUE);
        Device device = Devices.open(options.device(), 0, options.compute(), options.threads())) {
      ProductTimes products = products(checkpoint.config(), device, budget);
      MemorySpeed memory = memory(checkpoint, device, budget);
      try (LinkProbe probe = new LinkProbe(checkpoint, device, budget, options.ioThreads())) {
        long fetchedBefore = StorageReads.bytes();
        double link = probe.readBytesPerSecond();
        double share = storageShare(fetchedBefore, probe.readBytes());
        double load = probe.loadBytesPerSecond();
        return new Machine(
            products,
            memory.bytesPerSecond(),
            memory.workingSetBytes(),
            link,
            options.linkBytesPerSecond(),
            load,
            share,
            System.nanoTime() - start);
      }
    }
  }

  /** How fast memory was read, and how much of it. */
  private record MemorySpeed(double bytesPerSecond, long workingSetBytes) {}

  private MemorySpeed memory(Checkpoint checkpoint, Device device, MemoryBudget budget) {
    long wanted = checkpoint.summary().totalBytes();
    if (!device.sharesHostMemory()) {
      try (DeviceMemoryProbe probe =
          new DeviceMemoryProbe(device, budget, checkpoint.config(), wanted)) {
        return new MemorySpeed(probe.measure(), probe.workingSetBytes());
      }
    }
    try (MemoryProbe probe = new MemoryProbe(device, budget, options.threads(), wanted)) {
      return new MemorySpeed(probe.measure(), probe.workingSetBytes());
    }
  }

  private static double storageShare(long fetchedBefore, long readBytes) {
    long fetched = StorageReads.since(fetchedBefore);
    return fetched < 0 ? -1 : Math.min(1, (double) fetched / readBytes);
  }

  private ProductTimes products(ModelConfig model, Device device, MemoryBudget budget) {
    int maxRows = options.stepTokens();
    try (ComputeStream stream = device.newComputeStream(budget, model, maxRows);
        ProductProbe probe = new ProductProbe(device, budget, model, stream, maxRows)) {
      return probe.measure();
    }
  }
}
