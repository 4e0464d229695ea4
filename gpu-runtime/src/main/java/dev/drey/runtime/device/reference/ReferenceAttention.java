package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.model.DType;

/**
 * Causal attention of one query row over the stored keys and values it sees: all scores, their
 * maximum, {@code p = exp(score - maximum)}, {@code out = Σ p·v / (Σ p + exp(sink - maximum))}.
 * Queries, scores and probabilities are not rounded to the activation type.
 */
final class ReferenceAttention {
  private final HeapKvStore store;
  private final int layer;
  private final AttentionSpec spec;
  private final DType output;

  ReferenceAttention(HeapKvStore store, int layer, AttentionSpec spec, DType activation) {
    this.store = store;
    this.layer = layer;
    this.spec = spec;
    this.output = spec.floatOutput() ? DType.F32 : activation;
  }

  static void write(
      HeapKvStore store, int layer, HeapBuffer keys, HeapBuffer values, AttentionBatch batch) {
    KvShape shape = store.shape();
    for (AttentionBatch.Span span : batch.spans()) {
      for (int row = 0; row < span.rows(); row++) {
        int position = span.startPosition() + row;
        int block = span.blockTable()[position / shape.blockTokens()];
        int token = position % shape.blockTokens();
        for (int head = 0; head < shape.kvHeads(); head++) {
          long part = (long) (span.firstRow() + row) * shape.kvHeads() + head;
          for (int i = 0; i < shape.keyDim(); i++) {
            float key = keys.get(DType.F32, part * shape.keyDim() + i);
            store.putKey(layer, block, token, head, i, key);
          }
          for (int i = 0; i < shape.valueDim(); i++) {
            float value = values.get(DType.F32, part * shape.valueDim() + i);
            store.putValue(layer, block, token, head, i, value);
          }
        }
      }
    }
  }

  void row(HeapBuffer queries, AttentionBatch.Span span, int row, HeapBuffer out) {
    KvShape shape = store.shape();
    int group = spec.heads() / shape.kvHeads();
    int position = span.startPosition() + row;
    int first = spec.visible().first(position);
    float[] query = new float[shape.keyDim()];
    for (int head = 0; head < spec.heads(); head++) {
      long part = (long) (span.firstRow() + row) * spec.heads() + head;
      ReferenceStream.load(queries, DType.F32, part * query.length, query);
      double[] scores = scores(query, span.blockTable(), first, position, head / group);
      double max = Double.NEGATIVE_INFINITY;
      for (double score : scores) {
        max = Math.max(max, score);
      }
      double total =
          spec.sinks() == null
              ? 0
              : StrictMath.exp(HeapBuffer.of(spec.sinks()).get(DType.F32, head) - max);
      float[] weights = new float[scores.length];
      for (int key = 0; key < weights.length; key++) {
        weights[key] = (float) StrictMath.exp(scores[key] - max);
        total += weights[key];
      }
      for (int i = 0; i < shape.valueDim(); i++) {
        double sum = sum(weights, span.blockTable(), first, head / group, i);
        out.put(output, part * shape.valueDim() + i, (float) (sum / total));
      }
    }
  }

  private double[] scores(float[] query, int[] blockTable, int first, int last, int kvHead) {
    int blockTokens = store.shape().blockTokens();
    double[] scores = new double[last - first + 1];
    for (int key = first; key <= last; key++) {
      int block = blockTable[key / blockTokens];
      double sum = 0;
      for (int i = 0; i < query.length; i++) {
        sum += (double) query[i] * store.key(layer, block, key % blockTokens, kvHead, i);
      }
      scores[key - first] = sum * spec.scale();
    }
    return scores;
  }

  private double sum(float[] weights, int[] blockTable, int first, int kvHead, int i) {
    int blockTokens = store.shape().blockTokens();
    double sum = 0;
    for (int key = first; key < first + weights.length; key++) {
      int block = blockTable[key / blockTokens];
      sum +=
          (double) weights[key - first] * store.value(layer, block, key % blockTokens, kvHead, i);
    }
    return sum;
  }
}
