package dev.drey.runtime.probe;

import java.util.Arrays;

/** Repeats something for a while and says how long it takes; the first call is not counted. */
final class Repeats {
  private static final long WHILE_NANOS = 8_000_000;
  private static final long COMPILE_NANOS = 40_000_000;
  private static final int MOST = 4096;

  private Repeats() {}

  /** The shortest time: what is possible. */
  static long shortest(Runnable call) {
    return sorted(call)[0];
  }

  /** The median: what to expect. */
  static long usual(Runnable call) {
    long[] all = sorted(call);
    return all[all.length / 2];
  }

  /** As {@link #usual}, of something that is written in Java and has to be compiled first. */
  static long usualOnceCompiled(Runnable call) {
    long end = System.nanoTime() + COMPILE_NANOS;
    do {
      call.run();
    } while (System.nanoTime() - end < 0);
    return usual(call);
  }

  private static long[] sorted(Runnable call) {
    call.run();
    long[] nanos = new long[MOST];
    int count = 0;
    long end = System.nanoTime() + WHILE_NANOS;
    do {
      long start = System.nanoTime();
      call.run();
      nanos[count++] = System.nanoTime() - start;
    } while (count < MOST && System.nanoTime() - end < 0);
    long[] seen = Arrays.copyOf(nanos, count);
    Arrays.sort(seen);
    return seen;
  }
}
