package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Paged causal attention.
 *
 * <p><b>Contract.</b> A query row takes its keys in blocks of {@link KvFormat#BLOCK_TOKENS} that
 * begin at multiples of it. Scores of the whole row first; then its maximum over visible keys,
 * which no order can change; {@code p = exp((score - maximum) * scale)}; then sums over the row's
 * blocks in rising order; a sink's share is added to the sum of {@code p} last. A key the row must
 * not see, before its visible range or behind its position, has the score {@code -infinity}, so
 * {@code p} is exactly 0 and adds exactly 0 to every sum; so do whole blocks that only other rows
 * of the tile need. Hence a row has the same bits in prefill and decode, in any tile, beside any
 * others. Queries, scores and probabilities are float32 in both compute types; keys and values are
 * as stored.
 *
 * <p><b>Work.</b> The rows of a product are some tokens of a span times the query heads that share
 * a key/value head; one call multiplies all key/value heads. A piece of work is such a tile, or one
 * key/value head of it where there are too few tiles or too many scores, or some query heads of one
 * key/value head where that is not enough. {@link AttentionPieces} makes the cut.
 */
final class Attention implements ThreadTeam.Work {
  private final StreamState state;
  private final AttentionShape shape;
  private final Product[] scores;
  private final Product[] firstValues;
  private final Product[] moreValues;
  private final AttentionPieces pieces;

  private CpuKvStore store;
  private int layer;
  private float scale;
  private KeyRange visible = KeyRange.ALL;
  private float[] sinks = {};
  private List<AttentionBatch.Span> spans = List.of();
  private FloatBuffer queries = FloatBuffer.allocate(0);
  private NumberView out = NumberView.EMPTY;

  @SuppressWarnings("NullAway.Init") // the store is set by every call
  Attention(StreamState state, AttentionShape shape) {
    this.state = state;
    this.shape = shape;
    StreamPlan plan = state.plan();
    this.scores =
        new Product[] {
          state.product(plan.scores(shape, 1)), state.product(plan.scores(shape, shape.kvHeads()))
        };
    this.firstValues = values(MatmulSpec.Post.NONE);
    this.moreValues = values(MatmulSpec.Post.ADD);
    this.pieces = new AttentionPieces(plan, shape, state.threads());
  }

  private Product[] values(MatmulSpec.Post post) {
    StreamPlan plan = state.plan();
    return new Product[] {
      state.product(plan.values(shape, 1, post)),
      state.product(plan.values(shape, shape.kvHeads(), post))
    };
  }

  void run(
      DeviceBuffer source,
      AttentionSpec spec,
      CpuKvStore from,
      int ofLayer,
      AttentionBatch batch,
      DeviceBuffer target) {
    check(spec, from.shape());
    store = from;
    layer = ofLayer;
    scale = spec.scale();
    visible = spec.visible();
    loadSinks(spec);
    spans = batch.spans();
    long rows = 0;
    for (AttentionBatch.Span span : spans) {
      rows = Math.max(rows, (long) span.firstRow() + span.rows());
    }
    queries = NativeBuffer.of(source, 4 * rows * shape.heads() * shape.keyDim()).floats();
    DType type = spec.floatOutput() ? DType.F32 : state.plan().activation();
    out = NumberView.of(target, rows * shape.heads() * shape.valueDim(), type);
    pieces.cut(spans, visible);
    state.run(pieces.count(), this);
  }

  private void check(AttentionSpec spec, KvShape found) {
    if (spec.heads() != shape.heads()
        || found.kvHeads() != shape.kvHeads()
        || found.keyDim() != shape.keyDim()
        || found.valueDim() != shape.valueDim()) {
      throw new IllegalArgumentException(
          "attention of %d heads over %s; this model has %s".formatted(spec.heads(), found, shape));
    }
  }

  private void loadSinks(AttentionSpec spec) {
    DeviceBuffer buffer = spec.sinks();
    sinks = new float[buffer == null ? 0 : shape.heads()];
    if (buffer != null) {
      NativeBuffer.of(buffer, 4L * sinks.length).floats().get(0, sinks);
    }
  }

  @Override
  public void run(int workerIndex, int piece) {
    Tiled tiled = new Tiled(piece);
    Worker worker = state.worker(workerIndex);
    gatherQueries(worker, tiled);
    MatmulCall scoring = scores[tiled.which].call(workerIndex, tiled.tile);
    for (int block = 0; block < tiled.blocks; block++) {
      long keys =
          store.address(layer, tiled.blockTable[tiled.firstBlock + block])
              + store.format().keysOf(tiled.firstHead);
      scoring.run(worker.queryAt, keys, worker.scoresAt + 4L * block * tiled.blockScores);
    }
    softmax(worker, tiled);
    for (int block = 0; block < tiled.blocks; block++) {
      long values =
          store.address(layer, tiled.blockTable[tiled.firstBlock + block])
              + store.format().valuesOf(tiled.firstHead);
      (block == 0 ? firstValues : moreValues)
          [tiled.which].call(workerIndex, tiled.tile)
          .run(worker.scoresAt + 4L * block * tiled.blockScores, values, worker.attendedAt);
    }
    storeRows(worker, tiled);
  }

  /** A piece of work in the terms of the products. Rows are tokens times members of a group. */
  private final class Tiled {
    final int which;
    final int firstHead;
    final int heads;
    final int firstMember;
    final int members;
    final int tokens;
    final int tile;
    final int rows;
    final int row;
    final int position;
    final int[] blockTable;
    final int firstBlock;
    final int blocks;
    final int blockScores;

    Tiled(int piece) {
      AttentionBatch.Span span = spans.get(pieces.span(piece));
      boolean split = pieces.head(piece) >= 0;
      which = split ? 0 : 1;
      firstHead = split ? pieces.head(piece) : 0;
      heads = split ? 1 : shape.kvHeads();
      firstMember = pieces.firstMember(piece);
      members = pieces.members(piece);
      tokens = pieces.tokens(piece);
      tile = RowTiles.covering(tokens * members);
      rows = RowTiles.SIZES[tile];
      row = span.firstRow() + pieces.firstToken(piece);
      position = span.startPosition() + pieces.firstToken(piece);
      blockTable = span.blockTable();
      firstBlock = visible.first(position) / KvFormat.BLOCK_TOKENS;
      blocks = (position + tokens - 1) / KvFormat.BLOCK_TOKENS + 1 - firstBlock;
      blockScores = heads * rows * KvFormat.BLOCK_TOKENS;
    }

    /** Where the numbers of a token's first member begin in a matrix of heads so wide. */
    int at(int head, int token, int width) {
      int first = (firstHead + head) * shape.group() + firstMember;
      return ((row + token) * shape.heads() + first) * width;
    }

    /** A row of the products, those of all heads counted through. */
    int matrixRow(int head, int token, int member) {
      return head * rows + token * members + member;
    }

    /** Index of the first score of a row. */
    int score(int head, int token, int member) {
      return matrixRow(head, token, member) * KvFormat.BLOCK_TOKENS;
    }
  }

  private void gatherQueries(Worker worker, Tiled tiled) {
    int width = tiled.members * shape.keyDim();
    for (int head = 0; head < tiled.heads; head++) {
      int part = head * tiled.rows * shape.keyDim();
      for (int token = 0; token < tiled.tokens; token++) {
        int from = tiled.at(head, token, shape.keyDim());
        worker.query.put(part + token * width, queries, from, width);
      }
    }
  }

  /** Turns scores into unnormalised probabilities, in scratch memory and on the heap. */
  private void softmax(Worker worker, Tiled tiled) {
    int count = tiled.blocks * tiled.blockScores;
    float[] values = worker.heapScores;
    worker.scores.get(0, values, 0, count);
    for (int head = 0; head < tiled.heads; head++) {
      for (int token = 0; token < tiled.tokens; token++) {
        for (int member = 0; member < tiled.members; member++) {
          float max = mask(values, tiled.score(head, token, member), tiled, token);
          worker.maxima[tiled.matrixRow(head, token, member)] = max;
        }
      }
    }
    worker.scores.put(0, values, 0, count);
    worker.exp(worker.scoresAt, ExpKernels.padded(count));
    worker.scores.get(0, values, 0, count);
  }

  /** Replaces a row's scores by what is to be exponentiated, and returns their maximum. */
  private float mask(float[] values, int from, Tiled tiled, int token) {
    int start = tiled.firstBlock * KvFormat.BLOCK_TOKENS;
    int position = tiled.position + token;
    int begin = visible.first(position) - start;
    int end = position + 1 - start;
    float max = Float.NEGATIVE_INFINITY;
    for (int block = 0; block < tiled.blocks; block++) {
      int first = within(begin, block);
      int count = within(end, block) - first;
      max = RowMath.max(values, from + block * tiled.blockScores + first, count, max);
    }
    for (int block = 0; block < tiled.blocks; block++) {
      int at = from + block * tiled.blockScores;
      int first = within(begin, block);
      int last = within(end, block);
      Arrays.fill(values, at, at + first, Float.NEGATIVE_INFINITY);
      RowMath.shift(values, at + first, last - first, max, scale);
      Arrays.fill(values, at + last, at + KvFormat.BLOCK_TOKENS, Float.NEGATIVE_INFINITY);
    }
    return max;
  }

  /** A key's place in a block, or the end of the block nearest to it. */
  private static int within(int key, int block) {
    return Math.max(0, Math.min(KvFormat.BLOCK_TOKENS, key - block * KvFormat.BLOCK_TOKENS));
  }

  private void storeRows(Worker worker, Tiled tiled) {
    int width = tiled.members * shape.valueDim();
    float[] attended = worker.row(width);
    for (int head = 0; head < tiled.heads; head++) {
      int part = head * tiled.rows * shape.valueDim();
      for (int token = 0; token < tiled.tokens; token++) {
        worker.attended.get(part + token * width, attended, 0, width);
        for (int member = 0; member < tiled.members; member++) {
          float total = total(worker, tiled, head, token, member);
          RowMath.scale(attended, member * shape.valueDim(), shape.valueDim(), 1 / total);
        }
        worker.store(attended, 0, width, out, tiled.at(head, token, shape.valueDim()));
      }
    }
  }

  private float total(Worker worker, Tiled tiled, int head, int token, int member) {
    int from = tiled.score(head, token, member);
    float total = 0;
    for (int block = 0; block < tiled.blocks; block++) {
      int at = from + block * tiled.blockScores;
      total += RowMath.sum(worker.heapScores, at, KvFormat.BLOCK_TOKENS);
    }
    if (sinks.length > 0) {
      float max = worker.maxima[tiled.matrixRow(head, token, member)];
      int queryHead = (tiled.firstHead + head) * shape.group() + tiled.firstMember + member;
      total += (float) StrictMath.exp(sinks[queryHead] - (double) max * scale);
    }
    return total;
  }
}
