package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.layers.StepBatch.MicroBatch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A model whose logits are a function of all ids up to their position. It keeps the ids in the
 * blocks the scheduler gives it and reads them back through the block tables, so that a wrong
 * block, position or row changes the logits. Like models that embed positions of long sequences
 * otherwise, it cannot read what a sequence of the other kind has stored. It also checks the form
 * of every step.
 */
final class FakeModel {
  static final int VOCABULARY = 29;

  /** Positions of the longest sequence that is not a long one. */
  static final int SHORT = 24;

  private final int[][] store;
  private final int blockTokens;
  private final List<float[]> logits = new ArrayList<>();
  private ScheduleConfig config;
  private int runningAtChange;
  private int largestRead;

  FakeModel(ScheduleConfig config, int blocks, int blockTokens) {
    this.config = config;
    this.blockTokens = blockTokens;
    this.store = new int[blocks][blockTokens];
    for (int[] block : store) {
      Arrays.fill(block, -1);
    }
  }

  /** From here on steps have another form, but still a row for each that was running. */
  void changeLimits(ScheduleConfig changed, int running) {
    config = changed;
    runningAtChange = running;
  }

  /** Logits after the given ids. */
  static float[] logitsAfter(int[] ids, int count) {
    long state = 0;
    for (int i = 0; i < count; i++) {
      state = mix(state * 31 + ids[i] + 1);
    }
    float[] row = new float[VOCABULARY];
    for (int id = 0; id < VOCABULARY; id++) {
      row[id] = (mix(state + id) >>> 50) / 2048f - 4;
    }
    return row;
  }

  /** Finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  void run(StepBatch batch) {
    assertThat(batch.rows()).isBetween(1, Math.max(config.maxStepTokens(), runningAtChange));
    logits.clear();
    List<Integer> blocksOfStep = new ArrayList<>();
    Set<Integer> written = new HashSet<>();
    int nextRow = 0;
    int wanted = 0;
    for (MicroBatch micro : batch.microBatches()) {
      assertThat(micro.firstRow()).isEqualTo(nextRow);
      List<Span> spans = micro.attention().spans();
      assertThat(spans.size()).isBetween(1, config.microBatch());
      int rows = 0;
      for (Span span : spans) {
        assertThat(span.firstRow()).isEqualTo(rows);
        assertThat(span.rows()).isBetween(1, config.prefillChunk());
        write(batch, micro.firstRow(), span, blocksOfStep, written);
        rows += span.rows();
      }
      assertThat(micro.rows()).isEqualTo(rows);
      for (Span span : spans) {
        wanted = attend(batch, micro.firstRow(), span, wanted);
      }
      nextRow += rows;
    }
    blocksOfStep.removeIf(block -> !written.contains(block));
    assertThat(blocksOfStep).as("who writes to a block has it alone").doesNotHaveDuplicates();
    assertThat(nextRow).isEqualTo(batch.rows());
    assertThat(wanted).isEqualTo(batch.logitCount());
  }

  private void write(
      StepBatch batch, int base, Span span, List<Integer> blocksOfStep, Set<Integer> written) {
    int end = span.startPosition() + span.rows();
    for (int index = 0; index * blockTokens < end; index++) {
      blocksOfStep.add(span.blockTable()[index]);
    }
    for (int i = 0; i < span.rows(); i++) {
      int row = base + span.firstRow() + i;
      int position = span.startPosition() + i;
      assertThat(batch.positions()[row]).isEqualTo(position);
      int block = span.blockTable()[position / blockTokens];
      written.add(block);
      store[block][position % blockTokens] = key(batch, row, batch.ids()[row]);
    }
  }

  /** What is stored of a token. */
  private static int key(StepBatch batch, int row, int id) {
    return batch.longest()[row] > SHORT ? id + VOCABULARY : id;
  }

  private int attend(StepBatch batch, int base, Span span, int firstWanted) {
    int wanted = firstWanted;
    for (int i = 0; i < span.rows(); i++) {
      int row = base + span.firstRow() + i;
      if (wanted < batch.logitCount() && batch.logitRows()[wanted] == row) {
        int count = span.startPosition() + i + 1;
        int[] ids = new int[count];
        for (int p = 0; p < count; p++) {
          int stored = store[span.blockTable()[p / blockTokens]][p % blockTokens];
          ids[p] = stored % VOCABULARY;
          assertThat(stored).isEqualTo(key(batch, row, ids[p]));
        }
        logits.add(logitsAfter(ids, count));
        wanted++;
      }
    }
    return wanted;
  }

  /** The logits of the last run, at an odd position of a larger buffer. */
  FloatBuffer rows(int from, int count) {
    largestRead = Math.max(largestRead, count);
    FloatBuffer buffer = FloatBuffer.allocate(3 + count * VOCABULARY);
    buffer.position(3);
    for (int i = from; i < from + count; i++) {
      buffer.put(logits.get(i));
    }
    return buffer.position(3);
  }

  int largestRead() {
    return largestRead;
  }
}
