package dev.drey.runtime;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.layers.Decoder;
import dev.drey.runtime.layers.StepBatch;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** Runs one sequence straight through an engine's forward pass and keeps what it sees. */
final class ForwardProbe {
  private final MoeEngine engine;
  private final int maxRows;
  private long step;

  ForwardProbe(MoeEngine engine, int maxRows) {
    this.engine = engine;
    this.maxRows = maxRows;
  }

  /**
   * What a forward pass did.
   *
   * @param logits one row per position
   * @param experts {@code [moe layer][position][rank]}
   * @param weights {@code [moe layer][position][rank]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Seen(float[][] logits, int[][][] experts, float[][][] weights) {}

  /** Whole prefill in one step. */
  Seen run(int[] ids) {
    Decoder decoder = engine.decoder();
    StepBatch batch = new StepBatch(maxRows);
    batch.reset(step++);
    for (int position = 0; position < ids.length; position++) {
      batch.wantLogits(batch.addRow(ids[position], position));
    }
    int[] blocks = new int[ids.length / EngineMemory.KV_BLOCK_TOKENS + 1];
    Arrays.setAll(blocks, block -> block);
    AttentionBatch.Span span = new AttentionBatch.Span(0, ids.length, 0, blocks);
    batch.addMicroBatch(new StepBatch.MicroBatch(0, ids.length, new AttentionBatch(List.of(span))));
    var model = engine.info().model();
    int[][][] experts = new int[model.moeLayers()][][];
    float[][][] weights = new float[model.moeLayers()][][];
    decoder.embed(batch);
    int moeLayer = 0;
    for (int layer = 0; layer < model.layers(); layer++) {
      decoder.layer(layer, batch, engine::prefetch);
      if (model.isMoe(layer)) {
        int k = model.moe().expertsPerToken();
        experts[moeLayer] = new int[ids.length][];
        weights[moeLayer] = new float[ids.length][];
        for (int row = 0; row < ids.length; row++) {
          experts[moeLayer][row] =
              Arrays.copyOfRange(decoder.routing().experts(), row * k, row * k + k);
          weights[moeLayer][row] =
              Arrays.copyOfRange(decoder.routing().weights(), row * k, row * k + k);
        }
        moeLayer++;
      }
    }
    float[][] logits = new float[ids.length][model.vocabulary()];
    for (int from = 0; from < ids.length; from += decoder.logitRows()) {
      int count = Math.min(decoder.logitRows(), ids.length - from);
      FloatBuffer rows = decoder.logits(batch, from, count);
      for (int row = 0; row < count; row++) {
        rows.get(row * model.vocabulary(), logits[from + row]);
      }
    }
    return new Seen(logits, experts, weights);
  }

  static int argmax(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      if (row[i] > row[best]) {
        best = i;
      }
    }
    return best;
  }
}
