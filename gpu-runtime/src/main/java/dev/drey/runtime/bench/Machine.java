package dev.drey.runtime.bench;

/**
 * What this machine was measured to do, before anything else ran.
 *
 * @param products times of the model's products
 * @param memoryBytesPerSecond reading memory with all compute threads
 * @param memoryWorkingSetBytes over how many bytes that was measured: the size of the model's
 *     weights, up to a limit
 * @param linkBytesPerSecond reading whole experts from the model's files with all I/O threads
 * @param pacedBytesPerSecond the pace transfers are held to; 0 if none
 * @param loadBytesPerSecond as the link, and packing what was read into the device's layout
 * @param storageShare share of the bytes read that came from the storage device and not from the
 *     page cache; negative if the system does not tell
 * @param probeNanos what all of it took
 */
public record Machine(
    ProductTimes products,
    double memoryBytesPerSecond,
    long memoryWorkingSetBytes,
    double linkBytesPerSecond,
    long pacedBytesPerSecond,
    double loadBytesPerSecond,
    double storageShare,
    long probeNanos) {

  /** What transfers cannot exceed: the files' rate, or the pace if that is lower. */
  public double transferBytesPerSecond() {
    return pacedBytesPerSecond > 0
        ? Math.min((double) pacedBytesPerSecond, linkBytesPerSecond)
        : linkBytesPerSecond;
  }
}
