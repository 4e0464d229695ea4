package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;

import dev.drey.runtime.device.AttentionCase.Sequence;
import dev.drey.runtime.model.KeyRange;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every device owes for the key/value store and attention. */
interface AttentionConformance extends DeviceFactory {
  @ParameterizedTest
  @MethodSource("dev.drey.runtime.device.AttentionCase#all")
  default void attentionIsRight(AttentionCase kind) {
    try (Rig rig = rig(kind.model())) {
      Sequence sequence = kind.sequence(1, 131, 3, 0, 2);
      float[] actual = kind.run(rig, kind.store(rig, 4), sequence, 0, 131, 2);
      for (int position : new int[] {0, 1, 47, 48, 63, 64, 130}) {
        for (int head = 0; head < kind.heads(); head += kind.heads() > 16 ? 7 : 1) {
          kind.check(rig, sequence, position, head, actual);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.drey.runtime.device.AttentionCase#all")
  default void prefillChunksAndDecodeGiveTheSameBits(AttentionCase kind) {
    try (Rig rig = rig(kind.model())) {
      KvStore store = kind.store(rig, 12);
      float[] expected = kind.run(rig, store, kind.sequence(1, 140, 11, 1, 5), 0, 140, 0);
      Sequence chunked = kind.sequence(1, 140, 0, 2, 3);
      int from = 0;
      for (int chunk : new int[] {1, 4, 27, 33, 62, 13}) {
        assertSameBits(
            kind.run(rig, store, chunked, from, from + chunk, from % 3),
            Numbers.rows(expected, kind.outWidth(), from, from + chunk),
            "chunk of " + chunk + " at " + from);
        from += chunk;
      }
      Sequence stepped = kind.sequence(1, 140, 7, 6, 4);
      int skipped = kind.heads() > 16 ? 8 : 0;
      for (int position = 0; position < 140; position++) {
        if (skipped > 0) {
          int last = Math.min(139, position + skipped);
          kind.run(rig, store, stepped, position, last, 0);
          position = last;
        }
        assertSameBits(
            kind.run(rig, store, stepped, position, position + 1, 0),
            Numbers.rows(expected, kind.outWidth(), position, position + 1),
            "position " + position);
      }
    }
  }

  @Test
  default void longSequencesAreRightAndEndAsTheyWouldInDecode() {
    AttentionCase all = AttentionCase.of(8, 8, 8);
    for (AttentionCase kind : List.of(all, all.seeing(KeyRange.sliding(200)).withSinks())) {
      try (Rig rig = rig(kind.model())) {
        int[] blocks = new int[20];
        for (int i = 0; i < blocks.length; i++) {
          blocks[i] = (i * 7) % blocks.length;
        }
        KvStore store = kind.store(rig, blocks.length);
        Sequence sequence = kind.sequence(1, 1230, blocks);
        float[] whole = kind.run(rig, store, sequence, 0, 1230, 0);
        for (int position : new int[] {1023, 1024, 1229}) {
          kind.check(rig, sequence, position, position % 8, whole);
        }
        for (int from : new int[] {1229, 1024, 1023}) {
          assertSameBits(
              kind.run(rig, store, sequence, from, 1230, 0),
              Numbers.rows(whole, kind.outWidth(), from, 1230),
              "from position " + from);
        }
      }
    }
  }

  @Test
  default void whatARowDoesNotSeeChangesNothing() {
    AttentionCase all = AttentionCase.of(4, 2, 32);
    for (KeyRange visible : List.of(KeyRange.sliding(20), KeyRange.chunked(48))) {
      AttentionCase kind = all.seeing(visible);
      try (Rig rig = rig(kind.model())) {
        KvStore store = kind.store(rig, 6);
        Sequence sequence = kind.sequence(1, 140, 0, 1, 2);
        float[] expected = kind.run(rig, store, sequence, 0, 140, 0);
        int first = visible.first(139);
        Sequence other = kind.sequence(1, 140, 3, 4, 5);
        Arrays.fill(other.keys(), 0, first * kind.keyWidth(), 100);
        Arrays.fill(other.values(), 0, first * kind.valueWidth(), -1e30f);
        float[] actual = kind.run(rig, store, other, 0, 140, 0);
        assertSameBits(
            Numbers.rows(actual, kind.outWidth(), 139, 140),
            Numbers.rows(expected, kind.outWidth(), 139, 140),
            "the last row, " + visible);
      }
    }
  }

  @Test
  default void sequencesOfAStepDoNotSeeEachOther() {
    for (AttentionCase kind :
        List.of(
            AttentionCase.of(4, 2, 32),
            AttentionCase.of(8, 2, 64).withSinks().seeing(KeyRange.sliding(20)),
            AttentionCase.latent(20, 48, 16))) {
      try (Rig rig = rig(kind.model())) {
        compareTogetherAndAlone(rig, kind);
      }
    }
  }

  private static void compareTogetherAndAlone(Rig rig, AttentionCase kind) {
    KvStore store = kind.store(rig, 16);
    int[] lengths = {1, 70, 5, 64, 20};
    float[] queries = {};
    float[] keys = {};
    float[] values = {};
    AttentionBatch.Span[] spans = new AttentionBatch.Span[lengths.length];
    int row = 0;
    for (int i = 0; i < lengths.length; i++) {
      Sequence sequence = kind.sequence(10L * i, lengths[i], i, i + 5);
      spans[i] = new AttentionBatch.Span(row, lengths[i], 0, sequence.blocks(), -1);
      queries = joined(queries, sequence.queries());
      keys = joined(keys, sequence.keys());
      values = joined(values, sequence.values());
      row += lengths[i];
    }
    AttentionBatch batch = new AttentionBatch(List.of(spans));
    DeviceBuffer out = rig.space(row * kind.outWidth());
    rig.stream.writeKv(store, 1, rig.floats(keys), rig.floats(values), batch);
    rig.stream.attention(rig.floats(queries), kind.spec(rig), store, 1, batch, out);
    float[] together = kind.read(rig, out, row);
    for (int i = 0; i < lengths.length; i++) {
      Sequence moved = kind.sequence(10L * i, lengths[i], 10 + i, 15);
      int first = spans[i].firstRow();
      assertSameBits(
          kind.run(rig, store, moved, 0, lengths[i], 1),
          Numbers.rows(together, kind.outWidth(), first, first + lengths[i]),
          "sequence " + i);
    }
  }

  private static float[] joined(float[] first, float[] second) {
    float[] result = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, result, first.length, second.length);
    return result;
  }

  @Test
  default void aReusedBlockForgetsWhatItHeld() {
    AttentionCase kind = AttentionCase.of(4, 2, 32);
    try (Rig rig = rig(kind.model())) {
      KvStore store = kind.store(rig, 4);
      float[] expected = kind.run(rig, store, kind.sequence(1, 70, 0, 1), 0, 70, 0);
      float[] broken = new float[128 * kind.keyWidth()];
      Arrays.fill(broken, Float.NaN);
      int[] blocks = {2, 3};
      float[] queries = new float[128 * kind.queryWidth()];
      kind.run(rig, store, new Sequence(128, blocks, queries, broken, broken), 0, 128, 0);
      assertSameBits(
          kind.run(rig, store, kind.sequence(1, 70, blocks), 0, 70, 0), expected, "after NaNs");
    }
  }

  @Test
  default void aCopiedBlockIsAttendedToLikeTheFirst() {
    for (AttentionCase kind :
        List.of(AttentionCase.of(4, 2, 32), AttentionCase.latent(20, 48, 16))) {
      try (Rig rig = rig(kind.model())) {
        KvStore store = kind.store(rig, 4);
        KvStore copy = kind.store(rig, 4);
        Sequence sequence = kind.sequence(1, 71, 3, 1);
        float[] whole = kind.run(rig, store, sequence, 0, 71, 0);
        rig.stream.copyKv(store, copy, new int[] {3, 1, 99}, 2);
        assertSameBits(
            kind.run(rig, copy, sequence, 70, 71, 0),
            Numbers.rows(whole, kind.outWidth(), 70, 71),
            "the last row over copied keys and values");
      }
    }
  }

  @Test
  default void layersAreApart() {
    AttentionCase kind = AttentionCase.of(4, 2, 32);
    try (Rig rig = rig(kind.model())) {
      KvStore store = kind.store(rig, 2);
      Sequence sequence = kind.sequence(1, 70, 0, 1);
      float[] expected = kind.run(rig, store, sequence, 0, 69, 0);
      AttentionBatch batch =
          new AttentionBatch(List.of(new AttentionBatch.Span(0, 70, 0, sequence.blocks(), -1)));
      DeviceBuffer other = rig.floats(Numbers.floats(77, 70 * kind.keyWidth()));
      rig.stream.writeKv(store, 0, other, other, batch);
      float[] last = kind.run(rig, store, sequence, 69, 70, 0);
      float[] whole = kind.run(rig, store, sequence, 0, 70, 0);
      assertSameBits(last, Numbers.rows(whole, kind.outWidth(), 69, 70), "last row");
      assertSameBits(Numbers.rows(whole, kind.outWidth(), 0, 69), expected, "rows before");
    }
  }
}
