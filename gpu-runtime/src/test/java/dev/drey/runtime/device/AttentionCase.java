package dev.drey.runtime.device;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.RotaryConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A kind of attention under test: its shape and everything of {@link AttentionSpec}.
 *
 * @param sinks whether heads have sinks
 */
record AttentionCase(
    int heads,
    int kvHeads,
    int keyDim,
    int valueDim,
    KeyRange visible,
    boolean sinks,
    boolean floatOutput) {
  static final int BLOCK = 64;

  static AttentionCase of(int heads, int kvHeads, int headDim) {
    return new AttentionCase(heads, kvHeads, headDim, headDim, KeyRange.ALL, false, false);
  }

  /** One key/value head, values narrower than keys, float32 results. */
  static AttentionCase latent(int heads, int kvRank, int rotaryDim) {
    return new AttentionCase(heads, 1, kvRank + rotaryDim, kvRank, KeyRange.ALL, false, true);
  }

  AttentionCase seeing(KeyRange range) {
    return new AttentionCase(heads, kvHeads, keyDim, valueDim, range, sinks, floatOutput);
  }

  AttentionCase withSinks() {
    return new AttentionCase(heads, kvHeads, keyDim, valueDim, visible, true, floatOutput);
  }

  static Stream<AttentionCase> all() {
    return Stream.of(
        of(4, 2, 32),
        of(6, 2, 64),
        of(5, 1, 128),
        of(8, 8, 40),
        of(16, 4, 128),
        of(8, 2, 64).withSinks(),
        of(8, 2, 64).withSinks().seeing(KeyRange.sliding(20)),
        of(4, 2, 32).seeing(KeyRange.sliding(1)),
        of(4, 2, 32).seeing(KeyRange.sliding(64)),
        of(4, 4, 40).seeing(KeyRange.sliding(100)),
        of(4, 2, 32).seeing(KeyRange.chunked(48)),
        of(4, 2, 32).seeing(KeyRange.chunked(64)),
        latent(20, 48, 16),
        latent(128, 32, 8));
  }

  /** A model whose attention has this shape. */
  ModelConfig model() {
    AttentionConfig attention =
        kvHeads == 1 && keyDim > valueDim
            ? new LatentAttention(
                heads,
                0,
                valueDim,
                16,
                keyDim - valueDim,
                32,
                scale(),
                RotaryConfig.plain(keyDim - valueDim, 10_000),
                false)
            : GroupedQueryAttention.of(heads, kvHeads, keyDim, RotaryConfig.plain(keyDim, 10_000))
                .build();
    return Rig.model(64, 64, attention, Rig.moe(40));
  }

  float scale() {
    return (float) (3 / Math.sqrt(keyDim));
  }

  int queryWidth() {
    return heads * keyDim;
  }

  int keyWidth() {
    return kvHeads * keyDim;
  }

  int valueWidth() {
    return kvHeads * valueDim;
  }

  int outWidth() {
    return heads * valueDim;
  }

  float[] sinkValues() {
    float[] values = Numbers.floats(99, heads);
    for (int i = 0; i < heads; i++) {
      values[i] *= 4;
    }
    return values;
  }

  KvStore store(Rig rig, int blocks) {
    return rig.own(
        rig.device.newKvStore(
            rig.budget, new KvShape(2, kvHeads, keyDim, valueDim, BLOCK), blocks));
  }

  AttentionSpec spec(Rig rig) {
    return new AttentionSpec(
        heads, scale(), visible, sinks ? rig.floats(sinkValues()) : null, floatOutput);
  }

  /** One sequence's queries, keys and values, and where it lives. */
  record Sequence(int length, int[] blocks, float[] queries, float[] keys, float[] values) {}

  Sequence sequence(long seed, int length, int... blocks) {
    return new Sequence(
        length,
        blocks,
        Numbers.floats(seed, length * queryWidth()),
        Numbers.floats(seed + 1, length * keyWidth()),
        Numbers.floats(seed + 2, length * valueWidth()));
  }

  /** Runs rows {@code from} to {@code to} of a sequence, behind {@code gap} rows of garbage. */
  float[] run(Rig rig, KvStore store, Sequence sequence, int from, int to, int gap) {
    int rows = to - from;
    AttentionBatch batch =
        new AttentionBatch(
            List.of(new AttentionBatch.Span(gap, rows, from, sequence.blocks(), -1)));
    DeviceBuffer out = rig.space((gap + rows) * outWidth());
    rig.stream.writeKv(
        store,
        1,
        rig.floats(padded(sequence.keys(), keyWidth(), from, to, gap)),
        rig.floats(padded(sequence.values(), valueWidth(), from, to, gap)),
        batch);
    rig.stream.attention(
        rig.floats(padded(sequence.queries(), queryWidth(), from, to, gap)),
        spec(rig),
        store,
        1,
        batch,
        out);
    return Numbers.rows(read(rig, out, gap + rows), outWidth(), gap, gap + rows);
  }

  float[] read(Rig rig, DeviceBuffer out, int rows) {
    return floatOutput
        ? rig.read(out, rows * outWidth())
        : rig.readActivations(out, rows * outWidth());
  }

  private static float[] padded(float[] matrix, int width, int from, int to, int gap) {
    float[] result = new float[(gap + to - from) * width];
    Arrays.fill(result, 0, gap * width, Float.NaN);
    System.arraycopy(matrix, from * width, result, gap * width, (to - from) * width);
    return result;
  }

  /** Compares one head of one row of a whole sequence's results with the definition. */
  void check(Rig rig, Sequence sequence, int position, int head, float[] actual) {
    int kvHead = head / (heads / kvHeads);
    int first = visible.first(position);
    double[] weights = new double[position + 1];
    double total = sinks ? Math.exp(sinkValues()[head]) : 0;
    for (int key = first; key <= position; key++) {
      double score = 0;
      for (int i = 0; i < keyDim; i++) {
        score +=
            (double) sequence.queries()[(position * heads + head) * keyDim + i]
                * rig.rounded(sequence.keys()[(key * kvHeads + kvHead) * keyDim + i]);
      }
      weights[key] = Math.exp(score * scale());
      total += weights[key];
    }
    for (int i = 0; i < valueDim; i++) {
      double expected = 0;
      for (int key = first; key <= position; key++) {
        float value = sequence.values()[(key * kvHeads + kvHead) * valueDim + i];
        expected += weights[key] / total * rig.rounded(value);
      }
      boolean rounds = !floatOutput && rig.rounded(1 + 1e-3f) == 1;
      new Numbers.Expected(expected, 2e-5 + (rounds ? Math.abs(expected) / 256 : 0))
          .check(
              actual[(position * heads + head) * valueDim + i],
              "position " + position + " head " + head + " element " + i);
    }
  }
}
