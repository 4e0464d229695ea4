package dev.drey.runtime.transfer;

/**
 * What the engine has done so far.
 *
 * @param bytesDemand bytes moved while somebody waited for them
 * @param bytesPrefetch bytes moved ahead of time, including those of transfers cancelled later
 * @param busyNanos time in which at least one thread moved these bytes, counted once
 * @param bytesPerSecond recent throughput of all threads together while at least one was busy
 *     (exponentially weighted over blocks); 0 before the first block
 * @param retries reads that were tried again
 */
public record TransferStats(
    long bytesDemand, long bytesPrefetch, long busyNanos, double bytesPerSecond, long retries) {}
