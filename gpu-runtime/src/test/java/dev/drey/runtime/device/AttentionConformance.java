package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every device owes for the key/value store and attention. */
interface AttentionConformance extends DeviceFactory {
  int BLOCK = 64;

  private static ModelConfig model(int heads, int kvHeads, int headDim) {
    return Rig.model(
        64,
        64,
        new AttentionConfig(heads, kvHeads, headDim, true, 10_000),
        new MoeConfig(16, 4, 40, true));
  }

  /** One sequence's queries, keys and values, and where it lives. */
  record Sequence(int length, int[] blocks, float[] queries, float[] keys, float[] values) {
    static Sequence random(long seed, int length, int[] blocks, AttentionConfig shape) {
      return new Sequence(
          length,
          blocks,
          Numbers.floats(seed, length * shape.queryWidth()),
          Numbers.floats(seed + 1, length * shape.kvWidth()),
          Numbers.floats(seed + 2, length * shape.kvWidth()));
    }
  }

  private static KvStore store(Rig rig, int blocks) {
    AttentionConfig shape = rig.model.attention();
    KvShape kv = new KvShape(2, shape.kvHeads(), shape.headDim(), BLOCK);
    return rig.own(rig.device.newKvStore(rig.budget, kv, blocks));
  }

  /** Runs rows {@code from} to {@code to} of a sequence, behind {@code gap} rows of garbage. */
  private static float[] run(Rig rig, KvStore store, Sequence sequence, int from, int to, int gap) {
    AttentionConfig shape = rig.model.attention();
    int rows = to - from;
    AttentionBatch batch =
        new AttentionBatch(List.of(new AttentionBatch.Span(gap, rows, from, sequence.blocks())));
    DeviceBuffer keys = rig.floats(padded(sequence.keys(), shape.kvWidth(), from, to, gap));
    DeviceBuffer values = rig.floats(padded(sequence.values(), shape.kvWidth(), from, to, gap));
    DeviceBuffer queries =
        rig.floats(padded(sequence.queries(), shape.queryWidth(), from, to, gap));
    DeviceBuffer out = rig.space((gap + rows) * shape.queryWidth());
    rig.stream.writeKv(store, 1, keys, values, batch);
    rig.stream.attention(queries, shape.heads(), store, 1, batch, scale(shape), out);
    return Numbers.rows(
        rig.readActivations(out, (gap + rows) * shape.queryWidth()),
        shape.queryWidth(),
        gap,
        gap + rows);
  }

  private static float scale(AttentionConfig shape) {
    return (float) (3 / Math.sqrt(shape.headDim()));
  }

  private static float[] padded(float[] matrix, int width, int from, int to, int gap) {
    float[] result = new float[(gap + to - from) * width];
    Arrays.fill(result, 0, gap * width, Float.NaN);
    System.arraycopy(matrix, from * width, result, gap * width, (to - from) * width);
    return result;
  }

  @ParameterizedTest
  @CsvSource({"4,2,32", "6,2,64", "5,1,128", "8,8,40", "16,4,128"})
  default void attentionIsRight(int heads, int kvHeads, int headDim) {
    try (Rig rig = rig(model(heads, kvHeads, headDim))) {
      Sequence sequence = Sequence.random(1, 131, new int[] {3, 0, 2}, rig.model.attention());
      float[] actual = run(rig, store(rig, 4), sequence, 0, 131, 2);
      for (int position : new int[] {0, 1, 63, 64, 130}) {
        for (int head = 0; head < heads; head++) {
          checkHead(rig, sequence, position, head, actual);
        }
      }
    }
  }

  private static void checkHead(
      Rig rig, Sequence sequence, int position, int head, float[] actual) {
    AttentionConfig shape = rig.model.attention();
    int headDim = shape.headDim();
    int kvHead = head / (shape.heads() / shape.kvHeads());
    double[] weights = new double[position + 1];
    double total = 0;
    for (int key = 0; key <= position; key++) {
      double score = 0;
      for (int i = 0; i < headDim; i++) {
        score +=
            (double) sequence.queries()[(position * shape.heads() + head) * headDim + i]
                * rig.rounded(sequence.keys()[(key * shape.kvHeads() + kvHead) * headDim + i]);
      }
      weights[key] = Math.exp(score * scale(shape));
      total += weights[key];
    }
    for (int i = 0; i < headDim; i++) {
      double expected = 0;
      for (int key = 0; key <= position; key++) {
        expected +=
            weights[key]
                / total
                * rig.rounded(sequence.values()[(key * shape.kvHeads() + kvHead) * headDim + i]);
      }
      double rounding = rig.rounded(1 + 1e-3f) == 1 ? Math.abs(expected) / 256 : 0;
      new Numbers.Expected(expected, 2e-5 + rounding)
          .check(
              actual[(position * shape.heads() + head) * headDim + i],
              "position " + position + " head " + head + " element " + i);
    }
  }

  @ParameterizedTest
  @CsvSource({"4,2,32", "6,2,64", "16,4,128"})
  default void prefillChunksAndDecodeGiveTheSameBits(int heads, int kvHeads, int headDim) {
    try (Rig rig = rig(model(heads, kvHeads, headDim))) {
      AttentionConfig shape = rig.model.attention();
      KvStore store = store(rig, 12);
      Sequence whole = Sequence.random(1, 140, new int[] {11, 1, 5}, shape);
      float[] expected = run(rig, store, whole, 0, 140, 0);
      Sequence chunked = Sequence.random(1, 140, new int[] {0, 2, 3}, shape);
      int from = 0;
      for (int chunk : new int[] {1, 4, 27, 33, 62, 13}) {
        float[] part = run(rig, store, chunked, from, from + chunk, from % 3);
        assertSameBits(
            part,
            Numbers.rows(expected, shape.queryWidth(), from, from + chunk),
            "chunk of " + chunk + " at " + from);
        from += chunk;
      }
      Sequence stepped = Sequence.random(1, 140, new int[] {7, 6, 4}, shape);
      for (int position = 0; position < 140; position++) {
        assertSameBits(
            run(rig, store, stepped, position, position + 1, 0),
            Numbers.rows(expected, shape.queryWidth(), position, position + 1),
            "position " + position);
      }
    }
  }

  @Test
  default void longSequencesAreRightAndEndAsTheyWouldInDecode() {
    try (Rig rig = rig(model(8, 8, 8))) {
      AttentionConfig shape = rig.model.attention();
      int[] blocks = new int[20];
      for (int i = 0; i < blocks.length; i++) {
        blocks[i] = (i * 7) % blocks.length;
      }
      KvStore store = store(rig, blocks.length);
      Sequence sequence = Sequence.random(1, 1230, blocks, shape);
      float[] whole = run(rig, store, sequence, 0, 1230, 0);
      for (int position : new int[] {1023, 1024, 1229}) {
        checkHead(rig, sequence, position, position % 8, whole);
      }
      for (int from : new int[] {1229, 1024, 1023}) {
        assertSameBits(
            run(rig, store, sequence, from, 1230, 0),
            Numbers.rows(whole, shape.queryWidth(), from, 1230),
            "from position " + from);
      }
    }
  }

  @Test
  default void sequencesOfAStepDoNotSeeEachOther() {
    try (Rig rig = rig(model(4, 2, 32))) {
      AttentionConfig shape = rig.model.attention();
      KvStore store = store(rig, 16);
      int[] lengths = {1, 70, 5, 64, 20};
      float[] queries = {};
      float[] keys = {};
      float[] values = {};
      Sequence[] sequences = new Sequence[lengths.length];
      AttentionBatch.Span[] spans = new AttentionBatch.Span[lengths.length];
      int row = 0;
      for (int i = 0; i < lengths.length; i++) {
        int[] blocks = {i, i + 5};
        sequences[i] = Sequence.random(10L * i, lengths[i], blocks, shape);
        spans[i] = new AttentionBatch.Span(row, lengths[i], 0, blocks);
        queries = joined(queries, sequences[i].queries());
        keys = joined(keys, sequences[i].keys());
        values = joined(values, sequences[i].values());
        row += lengths[i];
      }
      AttentionBatch batch = new AttentionBatch(List.of(spans));
      DeviceBuffer out = rig.space(row * shape.queryWidth());
      rig.stream.writeKv(store, 1, rig.floats(keys), rig.floats(values), batch);
      rig.stream.attention(rig.floats(queries), 4, store, 1, batch, scale(shape), out);
      float[] together = rig.readActivations(out, row * shape.queryWidth());
      for (int i = 0; i < lengths.length; i++) {
        Sequence moved = Sequence.random(10L * i, lengths[i], new int[] {10 + i, 15}, shape);
        int first = spans[i].firstRow();
        assertSameBits(
            run(rig, store, moved, 0, lengths[i], 1),
            Numbers.rows(together, shape.queryWidth(), first, first + lengths[i]),
            "sequence " + i);
      }
    }
  }

  private static float[] joined(float[] first, float[] second) {
    float[] result = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, result, first.length, second.length);
    return result;
  }

  @Test
  default void aReusedBlockForgetsWhatItHeld() {
    try (Rig rig = rig(model(4, 2, 32))) {
      AttentionConfig shape = rig.model.attention();
      KvStore store = store(rig, 4);
      Sequence fresh = Sequence.random(1, 70, new int[] {0, 1}, shape);
      float[] expected = run(rig, store, fresh, 0, 70, 0);
      float[] broken = new float[128 * shape.kvWidth()];
      Arrays.fill(broken, Float.NaN);
      int[] blocks = {2, 3};
      run(
          rig,
          store,
          new Sequence(128, blocks, new float[128 * shape.queryWidth()], broken, broken),
          0,
          128,
          0);
      Sequence reusing = Sequence.random(1, 70, blocks, shape);
      assertSameBits(run(rig, store, reusing, 0, 70, 0), expected, "after NaNs");
    }
  }

  @Test
  default void layersAreApart() {
    try (Rig rig = rig(model(4, 2, 32))) {
      AttentionConfig shape = rig.model.attention();
      KvStore store = store(rig, 2);
      Sequence sequence = Sequence.random(1, 70, new int[] {0, 1}, shape);
      float[] expected = run(rig, store, sequence, 0, 69, 0);
      AttentionBatch batch =
          new AttentionBatch(List.of(new AttentionBatch.Span(0, 70, 0, sequence.blocks())));
      DeviceBuffer other = rig.floats(Numbers.floats(77, 70 * shape.kvWidth()));
      rig.stream.writeKv(store, 0, other, other, batch);
      float[] last = run(rig, store, sequence, 69, 70, 0);
      float[] whole = run(rig, store, sequence, 0, 70, 0);
      assertSameBits(last, Numbers.rows(whole, shape.queryWidth(), 69, 70), "last row");
      assertSameBits(Numbers.rows(whole, shape.queryWidth(), 0, 69), expected, "rows before");
    }
  }
}
