package dev.drey.runtime.transfer;

import java.time.Duration;

/**
 * Settings of the transfer engine.
 *
 * @param threads I/O threads, each with one staging buffer
 * @param maxBytesPerSecond pace of all transfers together; 0 means as fast as the disk
 * @param deadline longest wait for one demanded expert before the step fails
 * @param attempts tries per read before the transfer fails
 */
public record TransferConfig(int threads, long maxBytesPerSecond, Duration deadline, int attempts) {
  /** Two threads, unpaced, one minute, three tries. */
  public static final TransferConfig DEFAULT = new TransferConfig(2, 0, Duration.ofMinutes(1), 3);
}
