package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.model.DType;

/**
 * Causal attention of one query row over the stored keys and values: all scores, their maximum,
 * {@code p = exp(score - maximum)}, {@code out = Σ p·v / Σ p}. Queries, scores and probabilities
 * are not rounded to the activation type.
 */
final class ReferenceAttention {
  private final HeapKvStore store;
  private final int layer;
  private final int heads;
  private final float scale;
  private final DType activation;

  ReferenceAttention(HeapKvStore store, int layer, int heads, float scale, DType activation) {
    this.store = store;
    this.layer = layer;
    this.heads = heads;
    this.scale = scale;
    this.activation = activation;
  }

  static void write(
      HeapKvStore store, int layer, HeapBuffer keys, HeapBuffer values, AttentionBatch batch) {
    KvShape shape = store.shape();
    int width = shape.kvHeads() * shape.headDim();
    for (AttentionBatch.Span span : batch.spans()) {
      for (int row = 0; row < span.rows(); row++) {
        int position = span.startPosition() + row;
        int block = span.blockTable()[position / shape.blockTokens()];
        long from = (long) (span.firstRow() + row) * width;
        for (int i = 0; i < width; i++) {
          store.put(
              layer,
              block,
              position % shape.blockTokens(),
              i / shape.headDim(),
              i % shape.headDim(),
              keys.get(DType.F32, from + i),
              values.get(DType.F32, from + i));
        }
      }
    }
  }

  void row(HeapBuffer queries, AttentionBatch.Span span, int row, HeapBuffer out) {
    int headDim = store.shape().headDim();
    int group = heads / store.shape().kvHeads();
    int keys = span.startPosition() + row + 1;
    for (int head = 0; head < heads; head++) {
      long from = ((long) (span.firstRow() + row) * heads + head) * headDim;
      float[] query = new float[headDim];
      for (int i = 0; i < headDim; i++) {
        query[i] = queries.get(DType.F32, from + i);
      }
      float[] weights = weights(query, span.blockTable(), keys, head / group);
      double total = 0;
      for (float weight : weights) {
        total += weight;
      }
      for (int i = 0; i < headDim; i++) {
        out.put(
            activation,
            from + i,
            (float) (sum(weights, span.blockTable(), head / group, i) / total));
      }
    }
  }

  private float[] weights(float[] query, int[] blockTable, int keys, int kvHead) {
    int blockTokens = store.shape().blockTokens();
    double[] scores = new double[keys];
    double max = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < keys; key++) {
      int block = blockTable[key / blockTokens];
      double sum = 0;
      for (int i = 0; i < query.length; i++) {
        sum += (double) query[i] * store.key(layer, block, key % blockTokens, kvHead, i);
      }
      scores[key] = sum * scale;
      max = Math.max(max, scores[key]);
    }
    float[] weights = new float[keys];
    for (int key = 0; key < keys; key++) {
      weights[key] = (float) StrictMath.exp(scores[key] - max);
    }
    return weights;
  }

  private double sum(float[] weights, int[] blockTable, int kvHead, int i) {
    int blockTokens = store.shape().blockTokens();
    double sum = 0;
    for (int key = 0; key < weights.length; key++) {
      int block = blockTable[key / blockTokens];
      sum += (double) weights[key] * store.value(layer, block, key % blockTokens, kvHead, i);
    }
    return sum;
  }
}
