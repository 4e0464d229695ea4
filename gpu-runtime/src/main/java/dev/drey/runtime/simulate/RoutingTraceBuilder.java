package dev.drey.runtime.simulate;

import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.trace.LinkFold;
import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.trace.RecordedWeight;
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
  private final IntList pass = new IntList();
  private final IntList spanFrom = new IntList();
  private final IntList spans = new IntList();
  private final IntList endedFrom = new IntList();
  private final IntList ended = new IntList();
  private final IntList entryFrom = new IntList();
  private final ShortList rowExperts = new ShortList();
  private final ShortList rowWeights = new ShortList();
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
  private int endedInAll;
  private int entries;
  private int openedAt; // where the predictions begin that were made as the step began
  private boolean routedInStep;

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
    openPass(number);
  }

  private void openPass(long number) {
    currentStep = number;
    currentLayer = ExpertPredictor.STEP_BEGIN;
    spanFrom.add(spans.size());
    endedFrom.add(endedInAll);
    endedInAll = ended.size();
    if (routedInStep || predictedFrom.size() == 0) {
      openedAt = predicted.size();
    }
    routedInStep = false;
  }

  @Override
  public void sequenceRan(
      long nanos, int sequence, int rowsOf, int promptTokens, int outputsBefore) {
    spans.add(sequence);
    spans.add(rowsOf);
    spans.add(promptTokens);
    spans.add(outputsBefore);
  }

  @Override
  public void sequenceEnded(long nanos, int sequence, int outputsInAll) {
    ended.add(sequence);
  }

  @Override
  public void rowsRouted(
      long nanos, long number, int at, int firstRow, int count, int[] ids, float[] weights) {
    for (int i = 0; i < count * header.expertsPerToken(); i++) {
      rowExperts.add((short) ids[i]);
      rowWeights.add((short) RecordedWeight.bits(weights[i]));
    }
  }

  @Override
  public void routed(
      long nanos, long number, int at, int count, int[] ids, int[] rowsOf, float[] weights) {
    if (number != currentStep || at <= currentLayer) {
      openPass(number); // its beginning is missing in the trace
    }
    step.add(number);
    layer.add(at);
    from.add(members.size());
    pass.add(spanFrom.size() - 1);
    entryFrom.add(entries);
    entries = rowExperts.size();
    predictedFrom.add(routedInStep ? predicted.size() : openedAt);
    predictedFrom.add(predicted.size());
    routedInStep = true;
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
    if (number == currentStep && routedInStep) {
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
    spanFrom.add(spans.size());
    endedFrom.add(endedInAll);
    entryFrom.add(entries);
    predictedFrom.add(predicted.size());
    RowRouting rowRouting =
        new RowRouting(
            header.expertsPerToken(),
            spanFrom.toArray(),
            spans.toArray(),
            endedFrom.toArray(),
            ended.toArray(),
            entryFrom.toArray(),
            rowExperts.toArray(),
            rowWeights.toArray());
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
        pass.toArray(),
        rowRouting,
        new Predictions(predictedFrom.toArray(), predicted.toArray(), predictedScores.toArray()),
        dense.toArray(),
        expert.toArray(),
        tail.toArray());
  }
}
