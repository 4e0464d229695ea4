package dev.drey.runtime.probe;

/** Repeats something for a while and takes the shortest time. */
final class Shortest {
  private static final long WHILE_NANOS = 12_000_000;

  private Shortest() {}

  /** The shortest time of a call; one more before them is not counted. */
  static long nanos(Runnable call) {
    call.run();
    long best = Long.MAX_VALUE;
    long end = System.nanoTime() + WHILE_NANOS;
    do {
      long start = System.nanoTime();
      call.run();
      best = Math.min(best, System.nanoTime() - start);
    } while (System.nanoTime() - end < 0);
    return best;
  }
}
