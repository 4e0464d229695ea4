package dev.drey.runtime.transfer;

import java.util.function.BooleanSupplier;

/** A clock that stands still except when somebody sleeps. */
public final class FakeTicker implements Ticker {
  private long now = 1_000_000_000_000L;

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void sleepUntil(long nanos, BooleanSupplier giveUp) {
    now = Math.max(now, nanos);
  }

  /** Lets time pass. */
  public void advance(long nanos) {
    now += nanos;
  }
}
