package dev.drey.runtime.transfer;

/**
 * A link of limited rate, shared by all threads: each block occupies it for {@code bytes / rate}
 * behind the blocks charged before. A block is charged when it starts and may be called moved only
 * once the link is through with it, so that reading and pacing overlap and an idle link grants no
 * credit.
 */
final class Pacer {
  private final Ticker ticker;
  private final long bytesPerSecond;
  private boolean used;
  private long freeAt;

  /**
   * @param bytesPerSecond rate; 0 for no limit
   */
  Pacer(Ticker ticker, long bytesPerSecond) {
    this.ticker = ticker;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Occupies the link and returns when it will be through with the bytes. */
  synchronized long charge(int bytes) {
    long now = ticker.nanoTime();
    if (bytesPerSecond == 0) {
      return now;
    }
    long from = used && freeAt - now > 0 ? freeAt : now;
    used = true;
    freeAt = from + (long) Math.ceil(bytes * 1e9 / bytesPerSecond);
    return freeAt;
  }
}
