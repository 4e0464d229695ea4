package dev.drey.runtime;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.kvcache.BlockTable;
import dev.drey.runtime.layers.Decoder;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.predict.StepRows;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Runs one sequence straight through an engine's forward pass and keeps what it sees, for
 * comparison with reference data. Nothing else may run on the engine meanwhile.
 */
public final class ForwardProbe {
  private final MoeEngine engine;
  private final StepRows rows = new StepRows();
  private long step;

  /** A probe of an engine with an empty table. */
  public ForwardProbe(MoeEngine engine) {
    this.engine = engine;
  }

  /**
   * What a forward pass did.
   *
   * @param logits one row per position
   * @param experts {@code [moe layer][position][rank]}
   * @param weights {@code [moe layer][position][rank]}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Seen(float[][] logits, int[][][] experts, float[][][] weights) {}

  /**
   * Prefill of a whole sequence in one step.
   *
   * @param ids at most as many as the engine's steps have rows
   */
  public Seen run(int[] ids) {
    BlockTable blocks = new BlockTable();
    if (!engine.kv().grow(blocks, ids.length)) {
      throw new IllegalArgumentException(
          "%d tokens do not fit into %d free blocks of keys and values"
              .formatted(ids.length, engine.kv().freeBlocks()));
    }
    try {
      return run(ids, batch(ids, blocks));
    } finally {
      engine.kv().release(blocks);
    }
  }

  private Seen run(int[] ids, StepBatch batch) {
    Decoder decoder = engine.decoder();
    ModelConfig model = engine.info().model();
    int[][][] experts = new int[model.moeLayers()][ids.length][];
    float[][][] weights = new float[model.moeLayers()][ids.length][];
    decoder.embed(batch);
    rows.begin(batch.step(), ids);
    rows.add((int) batch.step(), ids.length, ids.length, 0);
    engine.begin(rows, batch, engine::prefetch);
    int moeLayer = 0;
    for (int layer = 0; layer < model.layers(); layer++) {
      decoder.layer(layer, batch, engine::prefetch);
      if (model.isMoe(layer)) {
        Routing routing = decoder.routing();
        int k = routing.k();
        for (int row = 0; row < ids.length; row++) {
          experts[moeLayer][row] = Arrays.copyOfRange(routing.experts(), row * k, row * k + k);
          weights[moeLayer][row] = Arrays.copyOfRange(routing.weights(), row * k, row * k + k);
        }
        moeLayer++;
      }
    }
    return new Seen(logits(decoder, batch, model.vocabulary()), experts, weights);
  }

  private StepBatch batch(int[] ids, BlockTable blocks) {
    StepBatch batch = new StepBatch(ids.length);
    batch.reset(step++);
    for (int position = 0; position < ids.length; position++) {
      batch.wantLogits(batch.addRow(ids[position], position, ids.length));
    }
    AttentionBatch.Span span =
        new AttentionBatch.Span(0, ids.length, 0, blocks.array(), blocks.stateSlot());
    batch.addMicroBatch(new StepBatch.MicroBatch(0, ids.length, new AttentionBatch(List.of(span))));
    return batch;
  }

  private static float[][] logits(Decoder decoder, StepBatch batch, int vocabulary) {
    float[][] logits = new float[batch.rows()][vocabulary];
    for (int from = 0; from < logits.length; from += decoder.logitRows()) {
      int count = Math.min(decoder.logitRows(), logits.length - from);
      FloatBuffer rows = decoder.logits(batch, from, count);
      for (int row = 0; row < count; row++) {
        rows.get(row * vocabulary, logits[from + row]);
      }
    }
    return logits;
  }
}
