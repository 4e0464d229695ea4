package dev.drey.runtime.plan;

/**
 * What this machine was measured to do, before anything else ran.
 *
 * @param products times of the model's products
 * @param layers times of everything else in a layer
 * @param memoryBytesPerSecond reading memory with all compute threads
 * @param memoryWorkingSetBytes over how many bytes that was measured: the size of the model's
 *     weights, up to a limit
 * @param linkBytesPerSecond reading whole experts from the model's files with all I/O threads
 * @param pacedBytesPerSecond the pace transfers are held to; 0 if none
 * @param loadBytesPerSecond as the link, and packing what was read into the device's layout
 * @param loadCores processors that this kept busy
 * @param storageShare share of the bytes read that came from the storage device and not from the
 *     page cache; negative if the system does not tell
 * @param probeNanos what all of it took
 */
public record Machine(
    ProductTimes products,
    LayerTimes layers,
    double memoryBytesPerSecond,
    long memoryWorkingSetBytes,
    double linkBytesPerSecond,
    long pacedBytesPerSecond,
    double loadBytesPerSecond,
    double loadCores,
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
    return new Machine(
        products,
        layers,
        memoryBytesPerSecond,
        memoryWorkingSetBytes,
        linkBytesPerSecond,
        bytesPerSecond,
        loadBytesPerSecond,
        loadCores,
        storageShare,
        probeNanos);
  }
}
