package dev.drey.jobs.report;

import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayList;
import java.util.List;

/** A few steps in full: what was computed and what was moved when. */
final class LaneFold implements TraceSink {
  private static final int STEPS = 4;
  private static final int MAX_BARS = 20_000;

  /**
   * A bar.
   *
   * @param lane of loads: which one; else 0
   * @param start nanoseconds since the trace was begun
   * @param end the same
   * @param kind {@code dense}, {@code "experts"}, {@code wait}, {@code demand}, {@code prefetch},
   *     or {@code stopped}
   * @param layer decoder layer
   * @param expert its number, or -1
   */
  record Bar(int lane, long start, long end, String kind, int layer, int expert) {}

  /**
   * What was collected.
   *
   * @param from when it begins
   * @param to when it ends
   * @param compute computing
   * @param waiting waiting, drawn at the end of the layer it happened in
   * @param link loads
   */
  record Lanes(long from, long to, List<Bar> compute, List<Bar> waiting, List<Bar> link) {}

  private final long wanted;
  private final List<Bar> compute = new ArrayList<>();
  private final List<Bar> waiting = new ArrayList<>();
  private final List<Bar> link = new ArrayList<>();
  private final LinkLanes lanes = new LinkLanes();
  private long from = -1;
  private long to = -1;
  private int steps;
  private long mark;
  private long routed;

  /**
   * @param wanted collect the steps from this time on
   */
  LaneFold(long wanted) {
    this.wanted = wanted;
  }

  private boolean isOn() {
    return from >= 0 && steps < STEPS && compute.size() + link.size() < MAX_BARS;
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    if (from < 0 && nanos >= wanted) {
      from = nanos;
    }
    mark = nanos;
  }

  @Override
  public void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] rows, float[] weights) {
    if (isOn()) {
      compute.add(new Bar(0, mark, nanos, "dense", layer, -1));
      to = nanos;
    }
    routed = nanos;
  }

  @Override
  public void demandEnded(long nanos, long step, int layer, long stallNanos) {
    if (isOn()) {
      compute.add(new Bar(0, routed, nanos, "experts", layer, -1));
      if (stallNanos > 0) {
        waiting.add(new Bar(0, nanos - stallNanos, nanos, "wait", layer, -1));
      }
      to = nanos;
    }
    mark = nanos;
  }

  @Override
  public void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {
    if (isOn() && bytes > 0) {
      String kind = result != LoadResult.LOADED ? "stopped" : prefetch ? "prefetch" : "demand";
      int lane = lanes.take(startedNanos, nanos);
      link.add(new Bar(lane, startedNanos, nanos, kind, layer, expert));
      to = nanos;
    }
  }

  @Override
  public void stepEnded(long nanos, long step) {
    if (isOn()) {
      compute.add(new Bar(0, mark, nanos, "dense", -1, -1));
      to = nanos;
      steps++;
    }
  }

  /** What was collected. */
  Lanes lanes() {
    return new Lanes(Math.max(0, from), Math.max(0, to), compute, waiting, link);
  }
}
