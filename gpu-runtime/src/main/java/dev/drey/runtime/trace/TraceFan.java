package dev.drey.runtime.trace;

import java.util.List;

/** Tells several sinks the same. */
public final class TraceFan implements TraceSink {
  private final List<TraceSink> sinks;

  /** A fan of these sinks, told in this order. */
  public TraceFan(TraceSink... sinks) {
    this.sinks = List.of(sinks);
  }

  @Override
  public boolean isRecording() {
    return sinks.stream().anyMatch(TraceSink::isRecording);
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    sinks.forEach(sink -> sink.stepBegan(nanos, step, rows, logitRows));
  }

  @Override
  public void sequenceRan(long nanos, int sequence, int rows, int promptTokens, int outputs) {
    sinks.forEach(sink -> sink.sequenceRan(nanos, sequence, rows, promptTokens, outputs));
  }

  @Override
  public void sequenceEnded(long nanos, int sequence, int outputs) {
    sinks.forEach(sink -> sink.sequenceEnded(nanos, sequence, outputs));
  }

  @Override
  public void rowsRouted(
      long nanos, long step, int layer, int firstRow, int rows, int[] experts, float[] weights) {
    sinks.forEach(sink -> sink.rowsRouted(nanos, step, layer, firstRow, rows, experts, weights));
  }

  @Override
  public void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] tokens, float[] weights) {
    sinks.forEach(sink -> sink.routed(nanos, step, layer, count, experts, tokens, weights));
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
    sinks.forEach(
        sink -> sink.predicted(nanos, step, issuedAtLayer, targetLayer, count, experts, scores));
  }

  @Override
  public void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] outcomes) {
    sinks.forEach(sink -> sink.demanded(nanos, step, layer, count, experts, outcomes));
  }

  @Override
  public void loadIssued(long nanos, long load, int layer, int expert, boolean prefetch) {
    sinks.forEach(sink -> sink.loadIssued(nanos, load, layer, expert, prefetch));
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
    sinks.forEach(
        sink -> sink.loadEnded(nanos, load, layer, expert, startedNanos, bytes, prefetch, result));
  }

  @Override
  public void evicted(long nanos, int layer, int expert, boolean unused) {
    sinks.forEach(sink -> sink.evicted(nanos, layer, expert, unused));
  }

  @Override
  public void demandEnded(long nanos, long step, int layer, long stallNanos) {
    sinks.forEach(sink -> sink.demandEnded(nanos, step, layer, stallNanos));
  }

  @Override
  public void stepEnded(long nanos, long step) {
    sinks.forEach(sink -> sink.stepEnded(nanos, step));
  }

  @Override
  public void missing(long nanos, long events) {
    sinks.forEach(sink -> sink.missing(nanos, events));
  }
}
