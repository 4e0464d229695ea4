package dev.drey.runtime.transfer;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Time for I/O threads, replaceable in tests. */
interface Ticker {
  /** Nanoseconds since some fixed point. */
  long nanoTime();

  /** Waits until {@link #nanoTime()} reaches {@code nanos}, or until told to give up. */
  void sleepUntil(long nanos, BooleanSupplier giveUp);

  /** The system's clock; a sleeper gives up once unparked. */
  Ticker SYSTEM =
      new Ticker() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void sleepUntil(long nanos, BooleanSupplier giveUp) {
          long left = nanos - System.nanoTime();
          while (left > 0 && !giveUp.getAsBoolean()) {
            LockSupport.parkNanos(this, left);
            left = nanos - System.nanoTime();
          }
        }
      };
}
