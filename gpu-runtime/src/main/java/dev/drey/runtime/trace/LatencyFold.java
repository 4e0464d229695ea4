package dev.drey.runtime.trace;

import java.util.HashMap;
import java.util.Map;

/**
 * Throughput, and the latencies users feel. A sequence begins with the first step that computes a
 * row of it, and has its first token at the end of the first step that gives it one; time it spent
 * waiting before is not in the trace. Scored tokens count as tokens.
 */
public final class LatencyFold implements TraceSink {
  private static final class Life {
    final long began;
    long firstOutput = -1;
    long lastStepEnd;
    int outputs;

    Life(long began) {
      this.began = began;
    }
  }

  private final Map<Integer, Life> open = new HashMap<>();
  private final LogHistogram stepNanos = new LogHistogram();
  private final LogHistogram firstTokenNanos = new LogHistogram();
  private final LogHistogram tokenNanos = new LogHistogram();
  private long steps;
  private long rows;
  private long outputs;
  private long promptTokens;
  private long inStepsNanos;
  private long stepStart;
  private boolean stepIsOpen;
  private long lastStepEnd;

  @Override
  public void stepBegan(long nanos, long step, int stepRows, int logitRows) {
    stepStart = nanos;
    stepIsOpen = true;
    rows += stepRows;
    outputs += logitRows;
  }

  @Override
  public void sequenceRan(long nanos, int sequence, int ran, int prompt, int outputsBefore) {
    Life life = open.get(sequence);
    if (life == null) {
      life = new Life(stepStart);
      open.put(sequence, life);
      promptTokens += prompt;
    }
    noteOutputs(life, outputsBefore);
  }

  /** Whatever is there now was there at the end of the step before. */
  private void noteOutputs(Life life, int outputsBefore) {
    if (outputsBefore > life.outputs) {
      if (life.firstOutput < 0 && lastStepEnd > life.began) {
        life.firstOutput = lastStepEnd;
        firstTokenNanos.add(life.firstOutput - life.began);
      }
      life.lastStepEnd = lastStepEnd;
      life.outputs = outputsBefore;
    }
  }

  @Override
  public void sequenceEnded(long nanos, int sequence, int outputsInAll) {
    Life life = open.remove(sequence);
    if (life == null) {
      return;
    }
    noteOutputs(life, outputsInAll);
    if (life.firstOutput >= 0 && life.outputs > 1) {
      tokenNanos.add((life.lastStepEnd - life.firstOutput) / (life.outputs - 1));
    }
  }

  @Override
  public void stepEnded(long nanos, long step) {
    if (stepIsOpen) {
      stepIsOpen = false;
      steps++;
      stepNanos.add(nanos - stepStart);
      inStepsNanos += nanos - stepStart;
    }
    lastStepEnd = nanos;
  }

  /** What has been counted so far. */
  public LatencyMetrics metrics() {
    return new LatencyMetrics(
        steps,
        rows,
        outputs,
        promptTokens,
        inStepsNanos,
        Spread.of(stepNanos),
        Spread.of(firstTokenNanos),
        Spread.of(tokenNanos));
  }
}
