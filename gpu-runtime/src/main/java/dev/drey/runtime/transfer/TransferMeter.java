package dev.drey.runtime.transfer;

/**
 * Counts moved bytes and measures throughput. Busy time is counted once, however many threads are
 * busy, so that the rate is what the link gives to all of them together. Old blocks fade: bytes and
 * nanoseconds are decayed alike, which weighs every block by its duration.
 */
final class TransferMeter {
  private static final double DECAY = 0.98;

  private final Ticker ticker;
  private int busy;
  private long since;
  private double decayedBytes;
  private double decayedNanos;
  private long bytesDemand;
  private long bytesPrefetch;
  private long busyNanos;
  private long retries;

  TransferMeter(Ticker ticker) {
    this.ticker = ticker;
  }

  synchronized void begin() {
    if (busy++ == 0) {
      since = ticker.nanoTime();
    }
  }

  synchronized void moved(int bytes, TransferPriority priority) {
    long now = ticker.nanoTime();
    decayedBytes = decayedBytes * DECAY + bytes;
    decayedNanos = decayedNanos * DECAY + (now - since);
    busyNanos += now - since;
    since = now;
    if (priority == TransferPriority.DEMAND) {
      bytesDemand += bytes;
    } else {
      bytesPrefetch += bytes;
    }
  }

  synchronized void end() {
    busy--;
  }

  synchronized void retried() {
    retries++;
  }

  synchronized TransferStats stats() {
    double rate = decayedNanos > 0 ? decayedBytes * 1e9 / decayedNanos : 0;
    return new TransferStats(bytesDemand, bytesPrefetch, busyNanos, rate, retries);
  }
}
