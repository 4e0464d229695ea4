package dev.drey.runtime.simulate;

import dev.drey.runtime.trace.LinkFold;
import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceSink;

/** Collects a {@link RoutingTrace} from a stream of events. */
public final class RoutingTraceBuilder implements TraceSink {
  private final TraceHeader header;
  private final LinkFold link = new LinkFold();
  private final LongList step = new LongList();
  private final IntList layer = new IntList();
  private final IntList from = new IntList();
  private final IntList members = new IntList();
  private final IntList tokens = new IntList();
  private final IntList predictedFrom = new IntList();
  private final IntList predicted = new IntList();
  private final FloatList predictedScores = new FloatList();
  private final LongList dense = new LongList();
  private final LongList expert = new LongList();
  private final LongList tail = new LongList();
  private long missing;
  private long steps;
  private long rows;
  private long outputs;
  private long mark;
  private long demandStart;
  private long currentStep = -1;
  private int currentLayer = -1;

  /** A collection of what was recorded with this header. */
  public RoutingTraceBuilder(TraceHeader header) {
    this.header = header;
  }

  @Override
  public void stepBegan(long nanos, long number, int stepRows, int logitRows) {
    steps++;
    rows += stepRows;
    outputs += logitRows;
    mark = nanos;
    currentStep = -1;
  }

  @Override
  public void routed(
      long nanos, long number, int at, int count, int[] ids, int[] rowsOf, float[] weights) {
    step.add(number);
    layer.add(at);
    from.add(members.size());
    predictedFrom.add(predicted.size());
    for (int i = 0; i < count; i++) {
      members.add(at * header.experts() + ids[i]);
      tokens.add(rowsOf[i]);
    }
    dense.add(Math.max(0, nanos - mark));
    expert.add(0);
    tail.add(0);
    mark = nanos;
    demandStart = nanos;
    currentStep = number;
    currentLayer = at;
  }

  @Override
  public void predicted(
      long nanos,
      long number,
      int issuedAtLayer,
      int targetLayer,
      int count,
      int[] ids,
      float[] scores) {
    if (number == currentStep && issuedAtLayer == currentLayer) {
      for (int i = 0; i < count; i++) {
        predicted.add(targetLayer * header.experts() + ids[i]);
        predictedScores.add(scores[i]);
      }
    }
  }

  @Override
  public void demandEnded(long nanos, long number, int at, long stallNanos) {
    if (number == currentStep && at == currentLayer) {
      expert.plus(expert.size() - 1, Math.max(0, nanos - demandStart - stallNanos));
      mark = nanos;
    }
  }

  @Override
  public void stepEnded(long nanos, long number) {
    if (number == currentStep) {
      tail.plus(tail.size() - 1, Math.max(0, nanos - mark));
      mark = nanos;
    }
  }

  @Override
  public void loadEnded(
      long nanos,
      long load,
      int at,
      int id,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {
    link.loadEnded(nanos, load, at, id, startedNanos, bytes, prefetch, result);
  }

  @Override
  public void missing(long nanos, long events) {
    missing += events;
  }

  /** What has been collected. */
  public RoutingTrace build() {
    from.add(members.size());
    predictedFrom.add(predicted.size());
    return new RoutingTrace(
        header,
        missing,
        steps,
        rows,
        outputs,
        link.bytesPerSecond(),
        step.toArray(),
        layer.toArray(),
        from.toArray(),
        members.toArray(),
        tokens.toArray(),
        predictedFrom.toArray(),
        predicted.toArray(),
        predictedScores.toArray(),
        dense.toArray(),
        expert.toArray(),
        tail.toArray());
  }
}
