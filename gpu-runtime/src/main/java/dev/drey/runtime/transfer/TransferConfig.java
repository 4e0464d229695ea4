package dev.drey.runtime.transfer;

import java.io.Serializable;
import java.time.Duration;

/**
 * Settings of the transfer engine.
 *
 * @param threads I/O threads, each with one staging buffer
 * @param maxBytesPerSecond pace of all transfers together; 0 means as fast as the disk
 * @param deadline longest wait for one demanded expert before the step fails
 * @param attempts tries per read before the transfer fails
 */
public record TransferConfig(int threads, long maxBytesPerSecond, Duration deadline, int attempts)
    implements Serializable {
  /**
   * Four threads, unpaced, one minute, three tries. With two, fast storage idles while a thread
   * whose read has ended waits for a processor that computes.
   */
  public static final TransferConfig DEFAULT = new TransferConfig(4, 0, Duration.ofMinutes(1), 3);

  public TransferConfig {
    require(threads >= 1, "threads must be at least 1, found " + threads);
    require(
        maxBytesPerSecond >= 0,
        "maxBytesPerSecond must be 0 (no limit) or more, found " + maxBytesPerSecond);
    require(!deadline.isNegative() && !deadline.isZero(), "deadline must be positive: " + deadline);
    require(attempts >= 1, "attempts must be at least 1, found " + attempts);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException("transfer settings: " + message);
    }
  }
}
