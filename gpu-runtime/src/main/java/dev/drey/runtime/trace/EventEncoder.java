package dev.drey.runtime.trace;

import java.util.Arrays;

/**
 * Writes events into chunks. {@link EventDecoder} is its inverse. A demand that follows the routing
 * of its layer refers to it instead of repeating the experts. Not thread-safe.
 */
final class EventEncoder {
  private static final int NUMBER_BYTES = 10;
  private static final int FIXED_BYTES = 1 + 9 * NUMBER_BYTES;

  /** Largest bytes of one expert in any event: its number, a count, a float. */
  private static final int EXPERT_BYTES = 3 + 5 + Float.BYTES;

  private TraceChunk chunk;
  private final int[] routedExperts;
  private int routedLayer = -1;
  private int routedCount;

  EventEncoder(TraceChunk first, int experts) {
    chunk = first;
    routedExperts = new int[experts];
  }

  /** Most bytes of an event that lists so many experts. */
  static int bound(int count) {
    return FIXED_BYTES + count * EXPERT_BYTES;
  }

  /** Goes on in another chunk. */
  void into(TraceChunk next) {
    chunk = next;
    routedLayer = -1;
  }

  void stepBegan(long nanos, long step, int rows, int logitRows) {
    chunk.begin(TraceFormat.STEP_BEGAN, nanos);
    chunk.putNumber(step);
    chunk.putNumber(rows);
    chunk.putNumber(logitRows);
  }

  void sequenceRan(long nanos, int sequence, int rows, int promptTokens, int outputs) {
    chunk.begin(TraceFormat.SEQUENCE_RAN, nanos);
    chunk.putNumber(sequence);
    chunk.putNumber(rows);
    chunk.putNumber(promptTokens);
    chunk.putNumber(outputs);
  }

  void sequenceEnded(long nanos, int sequence, int outputs) {
    chunk.begin(TraceFormat.SEQUENCE_ENDED, nanos);
    chunk.putNumber(sequence);
    chunk.putNumber(outputs);
  }

  void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] tokens, float[] weights) {
    chunk.begin(TraceFormat.ROUTED, nanos);
    chunk.putNumber(step);
    chunk.putNumber(layer);
    putRising(count, experts);
    for (int i = 0; i < count; i++) {
      chunk.putNumber(tokens[i]);
      chunk.putHalfFloat(weights[i]);
    }
    routedLayer = layer;
    routedCount = count;
    System.arraycopy(experts, 0, routedExperts, 0, count);
  }

  /** As {@link TraceSink#rowsRouted}, for at most {@link TraceFormat#MAX_ROWS} rows. */
  void rowsRouted(
      long nanos,
      long step,
      int layer,
      int firstRow,
      int rows,
      int expertsPerToken,
      int from,
      int[] experts,
      float[] weights) {
    chunk.begin(TraceFormat.ROWS_ROUTED, nanos);
    chunk.putNumber(step);
    chunk.putNumber(layer);
    chunk.putNumber(firstRow);
    chunk.putNumber(rows);
    for (int i = from; i < from + rows * expertsPerToken; i++) {
      chunk.putNumber(experts[i]);
      chunk.putHalfFloat(weights[i]);
    }
  }

  void predicted(
      long nanos,
      long step,
      int issuedAtLayer,
      int targetLayer,
      int count,
      int[] experts,
      float[] scores) {
    chunk.begin(TraceFormat.PREDICTED, nanos);
    chunk.putNumber(step);
    chunk.putNumber(issuedAtLayer + 1);
    chunk.putNumber(targetLayer);
    chunk.putNumber(count);
    boolean whole = areWholeNumbers(scores, count);
    routedLayer = -1;
    chunk.putByte(whole ? 1 : 0);
    for (int i = 0; i < count; i++) {
      chunk.putNumber(experts[i]);
      if (whole) {
        chunk.putNumber((long) scores[i]);
      } else {
        chunk.putFloat(scores[i]);
      }
    }
  }

  private static boolean areWholeNumbers(float[] scores, int count) {
    for (int i = 0; i < count; i++) {
      if (!(scores[i] >= 0 && scores[i] < 1 << 24 && scores[i] == (int) scores[i])) {
        return false;
      }
    }
    return true;
  }

  void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] outcomes) {
    chunk.begin(TraceFormat.DEMANDED, nanos);
    chunk.putNumber(step);
    chunk.putNumber(layer);
    boolean asRouted =
        layer == routedLayer && Arrays.equals(experts, 0, count, routedExperts, 0, routedCount);
    chunk.putByte(asRouted ? 1 : 0);
    if (!asRouted) {
      putRising(count, experts);
      routedLayer = -1;
    }
    for (int first = 0; first < count; first += 4) {
      int four = 0;
      for (int i = first; i < Math.min(first + 4, count); i++) {
        four |= outcomes[i].code() << (2 * (i - first));
      }
      chunk.putByte(four);
    }
  }

  void loadIssued(long nanos, long load, int layer, int expert, boolean prefetch) {
    chunk.begin(TraceFormat.LOAD_ISSUED, nanos);
    chunk.putNumber(load);
    chunk.putNumber(layer);
    chunk.putNumber(expert);
    chunk.putByte(prefetch ? 1 : 0);
  }

  void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {
    chunk.begin(TraceFormat.LOAD_ENDED, nanos);
    chunk.putNumber(load);
    chunk.putNumber(layer);
    chunk.putNumber(expert);
    chunk.putNumber(Math.min(chunk.lastNanos(), Math.max(0, nanos - startedNanos)));
    chunk.putNumber(bytes);
    chunk.putByte((result.code() << 1) | (prefetch ? 1 : 0));
  }

  void evicted(long nanos, int layer, int expert, boolean unused) {
    chunk.begin(TraceFormat.EVICTED, nanos);
    chunk.putNumber(layer);
    chunk.putNumber(expert);
    chunk.putByte(unused ? 1 : 0);
  }

  void demandEnded(long nanos, long step, int layer, long stallNanos) {
    chunk.begin(TraceFormat.DEMAND_ENDED, nanos);
    chunk.putNumber(step);
    chunk.putNumber(layer);
    chunk.putNumber(stallNanos);
  }

  void stepEnded(long nanos, long step) {
    chunk.begin(TraceFormat.STEP_ENDED, nanos);
    chunk.putNumber(step);
  }

  /** How many, the first, then by how much each exceeds the one before, less one. */
  private void putRising(int count, int[] experts) {
    chunk.putNumber(count);
    int before = -1;
    for (int i = 0; i < count; i++) {
      chunk.putNumber(experts[i] - before - 1);
      before = experts[i];
    }
  }
}
