package dev.drey.runtime.probe;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.LayerTimes;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.ProductTimes;

/** Measures the machine for one model, in about three seconds. */
public final class MachineProbe {
  private static final long LARGEST_WORKING_SET_BYTES = 512 << 20;

  private final Checkpoint checkpoint;
  private final ExpertSource experts;
  private final Device device;
  private final ProbeOptions options;
  private final MemoryBudget budget;

  /**
   * @param experts what the link is measured with
   * @param device computes nothing else meanwhile
   * @param budget pays for weights, buffers and staging memory; all of it comes back
   */
  public MachineProbe(
      Checkpoint checkpoint,
      ExpertSource experts,
      Device device,
      ProbeOptions options,
      MemoryBudget budget) {
    this.checkpoint = checkpoint;
    this.experts = experts;
    this.device = device;
    this.options = options;
    this.budget = budget;
  }

  /** Measures everything. */
  public Machine measure() {
    long start = System.nanoTime();
    ModelConfig model = checkpoint.config().upTo(AttentionProbe.LONG);
    ProductTimes products;
    ProductTimes streamed;
    LayerTimes layers;
    try (ComputeStream stream = device.newComputeStream(budget, model, options.maxRows())) {
      try (ProductProbe probe =
          new ProductProbe(device, budget, model, stream, options.maxRows())) {
        try (NearWeights weights = new NearWeights(device, budget)) {
          products = probe.near(weights);
        }
        try (WeightRing weights =
            new WeightRing(device, stream, budget, workingSetBytes(), probe.largestBytes())) {
          streamed = probe.streamed(weights);
        }
      }
      layers = new LayerProbe(device, budget, model, stream, options.maxRows()).measure();
    }
    MemorySpeed memory = memory();
    try (LinkProbe probe = new LinkProbe(model, experts, device, budget, options.ioThreads())) {
      long fetchedBefore = StorageReads.bytes();
      LinkProbe.Rate link = probe.read();
      double share = storageShare(fetchedBefore, probe.readBytes());
      LinkProbe.Rate load = probe.load();
      return new Machine(
          products,
          streamed,
          layers,
          SamplerProbe.measure(model.vocabulary()),
          memory.bytesPerSecond(),
          memory.workingSetBytes(),
          link.bytesPerSecond(),
          options.pacedBytesPerSecond(),
          load.bytesPerSecond(),
          load.cores(),
          device.sharesHostMemory() ? 0 : probe.copy().bytesPerSecond(),
          share,
          System.nanoTime() - start);
    }
  }

  /** How fast memory was read, and how much of it. */
  private record MemorySpeed(double bytesPerSecond, long workingSetBytes) {}

  /** As much memory as a step goes through, up to a limit. */
  private long workingSetBytes() {
    return Math.min(LARGEST_WORKING_SET_BYTES, checkpoint.summary().totalBytes());
  }

  private MemorySpeed memory() {
    long wanted = workingSetBytes();
    if (!device.sharesHostMemory()) {
      try (DeviceMemoryProbe probe =
          new DeviceMemoryProbe(device, budget, checkpoint.config().upTo(1), wanted)) {
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
}
