package dev.drey.runtime.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes down, as text, what it is told. */
public final class Told implements TraceSink {
  public final List<String> events = new ArrayList<>();

  private void add(String kind, Object... fields) {
    events.add(kind + " " + Arrays.toString(fields));
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    add("step", nanos, step, rows, logitRows);
  }

  @Override
  public void sequenceRan(long nanos, int sequence, int rows, int promptTokens, int outputs) {
    add("ran", nanos, sequence, rows, promptTokens, outputs);
  }

  @Override
  public void sequenceEnded(long nanos, int sequence, int outputs) {
    add("ended", nanos, sequence, outputs);
  }

  @Override
  public void rowsRouted(
      long nanos, long step, int layer, int firstRow, int rows, int[] experts, float[] weights) {
    int entries = rows * Headers.EXPERTS_PER_TOKEN;
    add(
        "rows",
        nanos,
        step,
        layer,
        firstRow,
        rows,
        Arrays.toString(Arrays.copyOf(experts, entries)),
        Arrays.toString(Arrays.copyOf(weights, entries)));
  }

  @Override
  public void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] tokens, float[] weights) {
    add(
        "routed",
        nanos,
        step,
        layer,
        Arrays.toString(Arrays.copyOf(experts, count)),
        Arrays.toString(Arrays.copyOf(tokens, count)),
        Arrays.toString(Arrays.copyOf(weights, count)));
  }

  @Override
  public void predicted(
      long nanos,
      long step,
      int issuedAtLayer,
      int targetLayer,
      int count,
      int[] experts,
      float[] scores) {
    add(
        "predicted",
        nanos,
        step,
        issuedAtLayer,
        targetLayer,
        Arrays.toString(Arrays.copyOf(experts, count)),
        Arrays.toString(Arrays.copyOf(scores, count)));
  }

  @Override
  public void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] outcomes) {
    add(
        "demanded",
        nanos,
        step,
        layer,
        Arrays.toString(Arrays.copyOf(experts, count)),
        Arrays.toString(Arrays.copyOf(outcomes, count)));
  }

  @Override
  public void loadIssued(long nanos, long load, int layer, int expert, boolean prefetch) {
    add("issued", nanos, load, layer, expert, prefetch);
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
    add("load", nanos, load, layer, expert, startedNanos, bytes, prefetch, result);
  }

  @Override
  public void evicted(long nanos, int layer, int expert, boolean unused) {
    add("evicted", nanos, layer, expert, unused);
  }

  @Override
  public void demandEnded(long nanos, long step, int layer, long stallNanos) {
    add("demand", nanos, step, layer, stallNanos);
  }

  @Override
  public void stepEnded(long nanos, long step) {
    add("end", nanos, step);
  }

  @Override
  public void missing(long nanos, long events) {
    add("missing", nanos, events);
  }
}
