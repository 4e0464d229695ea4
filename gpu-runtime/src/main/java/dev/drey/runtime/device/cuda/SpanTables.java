package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.AttentionBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The spans of a batch as kernels read them. A batch whose tables are larger than what one
 * operation may put is cut between spans.
 *
 * @param spans the spans
 * @param table address of {@code {firstRow, rows, startPosition, firstBlock, stateSlot}} per span
 * @param blocks address of the spans' block tables, one behind the other
 */
record SpanTables(List<AttentionBatch.Span> spans, long table, long blocks) {
  private static final int SPAN_BYTES = 20;

  /** Told of each part of a batch. */
  interface Consumer {
    void accept(SpanTables part);
  }

  /**
   * Puts a batch part by part.
   *
   * @param blockTokens tokens per block; 0 if block tables are not wanted
   * @param blockCount blocks of the store, for the check
   */
  static void forEach(
      StreamState state, AttentionBatch batch, int blockTokens, int blockCount, Consumer consumer) {
    int most = state.tables().capacity() / 2;
    List<AttentionBatch.Span> part = new ArrayList<>();
    int bytes = 0;
    for (AttentionBatch.Span span : batch.spans()) {
      if (span.rows() == 0) {
        continue;
      }
      int more = SPAN_BYTES + Integer.BYTES * blocks(span, blockTokens);
      if (!part.isEmpty() && bytes + more > most) {
        consumer.accept(put(state, part, blockTokens, blockCount));
        part.clear();
        bytes = 0;
      }
      part.add(span);
      bytes += more;
    }
    if (!part.isEmpty()) {
      consumer.accept(put(state, part, blockTokens, blockCount));
    }
  }

  /** Blocks that the positions of a span reach into. */
  private static int blocks(AttentionBatch.Span span, int blockTokens) {
    return blockTokens == 0
        ? 0
        : (span.startPosition() + span.rows() + blockTokens - 1) / blockTokens;
  }

  private static SpanTables put(
      StreamState state, List<AttentionBatch.Span> part, int blockTokens, int blockCount) {
    ByteBuffer table = state.tables().fresh();
    int firstBlock = 0;
    for (AttentionBatch.Span span : part) {
      table.putInt(span.firstRow()).putInt(span.rows()).putInt(span.startPosition());
      table.putInt(firstBlock).putInt(span.stateSlot());
      firstBlock += blocks(span, blockTokens);
    }
    long spans = state.tables().putKnown();
    if (blockTokens == 0) {
      return new SpanTables(List.copyOf(part), spans, 0);
    }
    ByteBuffer blocks = state.tables().fresh();
    for (AttentionBatch.Span span : part) {
      for (int i = 0; i < blocks(span, blockTokens); i++) {
        int block = span.blockTable()[i];
        if (block < 0 || block >= blockCount) {
          throw new IndexOutOfBoundsException("KV block %d of %d".formatted(block, blockCount));
        }
        blocks.putInt(block);
      }
    }
    return new SpanTables(List.copyOf(part), spans, state.tables().putKnown());
  }

  /** Rows that the spans reach up to. */
  int rows() {
    int rows = 0;
    for (AttentionBatch.Span span : spans) {
      rows = Math.max(rows, span.firstRow() + span.rows());
    }
    return rows;
  }

  /** Most rows of a span. */
  int longest() {
    int rows = 0;
    for (AttentionBatch.Span span : spans) {
      rows = Math.max(rows, span.rows());
    }
    return rows;
  }
}
