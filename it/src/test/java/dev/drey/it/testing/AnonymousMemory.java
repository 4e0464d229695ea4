package dev.drey.it.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Watches the anonymous resident memory of a process for as long as it lives. */
public final class AnonymousMemory {
  private final ForkedJvm process;
  private long mostBytes;
  private long samples;
  private long longestGapNanos;

  private AnonymousMemory(ForkedJvm process) {
    this.process = process;
  }

  /** Samples a process every hundredth of a second until it ends, and fails if it ends badly. */
  public static AnonymousMemory watch(ForkedJvm process, Duration limit) throws Exception {
    AnonymousMemory memory = new AnonymousMemory(process);
    memory.untilTheEnd(limit);
    if (process.awaitExit(limit) != 0) {
      throw new AssertionError(process + " failed:\n" + process.output());
    }
    return memory;
  }

  private void untilTheEnd(Duration limit) throws Exception {
    long[] last = {System.nanoTime()};
    Poll.until(
        "the end of " + process,
        limit,
        () -> {
          mostBytes = Math.max(mostBytes, bytes());
          samples++;
          long now = System.nanoTime();
          longestGapNanos = Math.max(longestGapNanos, now - last[0]);
          last[0] = now;
          return !process.isAlive();
        });
  }

  /** 0 once the process has ended. */
  private long bytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", "" + process.pid(), "status"))) {
        if (line.startsWith("RssAnon:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
        }
      }
      return 0;
    } catch (IOException ended) {
      return 0;
    }
  }

  /** The largest sample. */
  public long mostBytes() {
    return mostBytes;
  }

  /** How often it was looked at. */
  public long samples() {
    return samples;
  }

  /** Longest time between two looks. */
  public Duration longestGap() {
    return Duration.ofNanos(longestGapNanos);
  }
}
