package dev.drey.runtime.plan;

/**
 * What this machine was measured to do, before anything else ran.
 *
 * @param products times of the model's products, weights near the cores: the least they can take
 * @param streamed usual times of the same with weights that come from memory, as in a step
 * @param layers times of everything else in a layer
 * @param sampler times of deciding rows of logits
 * @param memoryBytesPerSecond reading memory with all compute threads
 * @param memoryWorkingSetBytes over how many bytes that was measured: the size of the model's
 *     weights, up to a limit
 * @param linkBytesPerSecond reading whole experts from the model's files with all I/O threads
 * @param pacedBytesPerSecond the pace transfers are held to; 0 if none
 * @param loadBytesPerSecond as the link, and packing what was read into the device's layout
 * @param loadCores processors that this kept busy
 * @param hostBytesPerSecond copying experts out of host memory to the device with all I/O threads;
 *     0 if the device computes in host memory
 * @param storageShare share of the bytes read that came from the storage device and not from the
 *     page cache; negative if the system does not tell
 * @param probeNanos what all of it took
 */
public record Machine(
    ProductTimes products,
    ProductTimes streamed,
    LayerTimes layers,
    SamplerTimes sampler,
    double memoryBytesPerSecond,
    long memoryWorkingSetBytes,
    double linkBytesPerSecond,
    long pacedBytesPerSecond,
    double loadBytesPerSecond,
    double loadCores,
    double hostBytesPerSecond,
    double storageShare,
    long probeNanos) {

  /** What transfers cannot exceed: the files' rate, or the pace if that is lower. */
  public double transferBytesPerSecond() {
    return pacedBytesPerSecond > 0
        ? Math.min((double) pacedBytesPerSecond, linkBytesPerSecond)
        : linkBytesPerSecond;
  }

  /** The rate that experts really come in at: packing included, and no faster than the pace. */
  public double arrivalBytesPerSecond() {
    return Math.min(transferBytesPerSecond(), loadBytesPerSecond);
  }

  /** The same machine with transfers held to a pace; 0 for none. */
  public Machine paced(long bytesPerSecond) {
    return with(linkBytesPerSecond, bytesPerSecond, loadBytesPerSecond, loadCores);
  }

  /**
   * The same machine with a host tier.
   *
   * @param share of the experts that come in which are in it, from 0 to 1
   */
  public Machine withHostTier(double share) {
    return share == 0
        ? this
        : with(
            mixed(linkBytesPerSecond, share),
            pacedBytesPerSecond,
            mixed(loadBytesPerSecond, share),
            loadCores);
  }

  /**
   * The same machine with experts that were seen to come in at another rate. What processors have
   * to do for a byte stays the same.
   */
  public Machine arrivingAt(double bytesPerSecond) {
    double cores = loadCores * bytesPerSecond / loadBytesPerSecond;
    return with(bytesPerSecond, pacedBytesPerSecond, bytesPerSecond, cores);
  }

  /**
   * The better of two measurements of one machine, point by point: whatever else ran for a moment
   * can only have made it look slower.
   */
  public Machine better(Machine other) {
    return new Machine(
        products.better(other.products),
        streamed.better(other.streamed),
        layers.better(other.layers),
        sampler.better(other.sampler),
        Math.max(memoryBytesPerSecond, other.memoryBytesPerSecond),
        memoryWorkingSetBytes,
        Math.max(linkBytesPerSecond, other.linkBytesPerSecond),
        pacedBytesPerSecond,
        Math.max(loadBytesPerSecond, other.loadBytesPerSecond),
        loadBytesPerSecond >= other.loadBytesPerSecond ? loadCores : other.loadCores,
        Math.max(hostBytesPerSecond, other.hostBytesPerSecond),
        linkBytesPerSecond >= other.linkBytesPerSecond ? storageShare : other.storageShare,
        probeNanos);
  }

  private double mixed(double storageBytesPerSecond, double share) {
    return 1 / (share / hostBytesPerSecond + (1 - share) / storageBytesPerSecond);
  }

  private Machine with(double link, long paced, double load, double cores) {
    return new Machine(
        products,
        streamed,
        layers,
        sampler,
        memoryBytesPerSecond,
        memoryWorkingSetBytes,
        link,
        paced,
        load,
        cores,
        hostBytesPerSecond,
        storageShare,
        probeNanos);
  }
}
