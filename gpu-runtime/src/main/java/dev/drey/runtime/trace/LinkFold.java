package dev.drey.runtime.trace;

import java.util.ArrayDeque;

/**
 * How fast the link was: bytes moved, divided by the time during which at least one expert was
 * being moved, so that the rate is what the link gives to all I/O threads together.
 */
public final class LinkFold implements TraceSink {
  private static final int MAX_INTERVALS = 64;

  private record Interval(long start, long end) {}

  private final ArrayDeque<Interval> busy = new ArrayDeque<>();
  private long bytes;
  private long settledNanos;

  @Override
  public void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long moved,
      boolean prefetch,
      LoadResult result) {
    bytes += moved;
    long start = startedNanos;
    while (!busy.isEmpty() && busy.getLast().end() >= start) {
      start = Math.min(start, busy.removeLast().start());
    }
    busy.addLast(new Interval(start, nanos));
    if (busy.size() > MAX_INTERVALS) { // nothing that ends from now on began so long ago
      Interval settled = busy.removeFirst();
      settledNanos += settled.end() - settled.start();
    }
  }

  /** Time during which something was moved. */
  public long busyNanos() {
    return settledNanos + busy.stream().mapToLong(i -> i.end() - i.start()).sum();
  }

  /** Bytes per second of busy time; 0 if nothing was moved. */
  public double bytesPerSecond() {
    long nanos = busyNanos();
    return nanos == 0 ? 0 : bytes * 1e9 / nanos;
  }
}
