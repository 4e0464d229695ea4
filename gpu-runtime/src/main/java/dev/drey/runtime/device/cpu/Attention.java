package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.DeviceBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Paged causal attention.
 *
 * <p><b>Contract.</b> A query row takes its keys in blocks of {@link KvFormat#BLOCK_TOKENS} from
 * position 0. Scores of the whole row first; then its maximum over visible keys, which no order can
 * change; {@code p = exp((score - maximum) * scale)}; then sums over the row's blocks in rising
 * order. A key the row must not see has the score {@code -infinity}, so {@code p} is exactly 0 and
 * adds exactly 0 to every sum; so do whole blocks that only other rows of the tile need. Hence a
 * row has the same bits in prefill and decode, in any tile, beside any others. Queries, scores and
 * probabilities are float32 in both compute types; keys and values are as stored.
 *
 * <p><b>Work.</b> The rows of a product are some tokens of a span times the query heads that share
 * a key/value head; one call multiplies all key/value heads. A piece of work is such a tile, or one
 * key/value head of it where there are too few tiles or too many scores.
 */
final class Attention implements ThreadTeam.Work {
  private final StreamState state;
  private final int group;
  private final int kvHeads;
  private final int headDim;
  private final Product[] scores;
  private final Product[] firstValues;
  private final Product[] moreValues;

  private CpuKvStore store;
  private int layer;
  private float scale;
  private List<AttentionBatch.Span> spans = List.of();
  private FloatBuffer queries = FloatBuffer.allocate(0);
  private FloatBuffer out = FloatBuffer.allocate(0);
  private ShortBuffer outShorts = ShortBuffer.allocate(0);

  private int pieces;
  private int[] spanOfPiece = new int[16];
  private int[] firstToken = new int[16];
  private int[] tokensOfPiece = new int[16];
  private int[] headOfPiece = new int[16];

  @SuppressWarnings("NullAway.Init") // the store is set by every call
  Attention(StreamState state) {
    this.state = state;
    StreamPlan plan = state.plan();
    this.group = plan.group();
    this.kvHeads = plan.kvShape().kvHeads();
    this.headDim = plan.kvShape().headDim();
    this.scores =
        new Product[] {state.product(plan.scores(1)), state.product(plan.scores(kvHeads))};
    this.firstValues = values(MatmulSpec.Post.NONE);
    this.moreValues = values(MatmulSpec.Post.ADD);
  }

  private Product[] values(MatmulSpec.Post post) {
    StreamPlan plan = state.plan();
    return new Product[] {
      state.product(plan.values(1, post)), state.product(plan.values(kvHeads, post))
    };
  }

  void run(
      DeviceBuffer source,
      int heads,
      CpuKvStore from,
      int ofLayer,
      AttentionBatch batch,
      float factor,
      DeviceBuffer target) {
    if (heads != group * kvHeads
        || from.shape().kvHeads() != kvHeads
        || from.shape().headDim() != headDim) {
      throw new IllegalArgumentException(
          "attention of %d heads over %s; this model has %d heads over %d of width %d"
              .formatted(heads, from.shape(), group * kvHeads, kvHeads, headDim));
    }
    store = from;
    layer = ofLayer;
    scale = factor;
    spans = batch.spans();
    queries = NativeBuffer.of(source).floats();
    NativeBuffer result = NativeBuffer.of(target);
    if (state.plan().activation().bytes() == Short.BYTES) {
      outShorts = result.shorts();
    } else {
      out = result.floats();
    }
    cut(false);
    if (pieces < 2 * state.threads() && state.threads() > 1) {
      cut(true);
    }
    state.run(pieces, this);
  }

  private void cut(boolean perHead) {
    pieces = 0;
    for (int i = 0; i < spans.size(); i++) {
      AttentionBatch.Span span = spans.get(i);
      int blocks = blocks(span.startPosition() + span.rows() - 1);
      boolean split = perHead || !fits(blocks, 0, kvHeads);
      int tile = state.plan().attentionTiles() - 1;
      while (tile > 0
          && RowTiles.SIZES[tile - 1] >= group
          && !fits(blocks, tile, split ? 1 : kvHeads)) {
        tile--;
      }
      if (!fits(blocks, tile, split ? 1 : kvHeads)) {
        throw new IllegalArgumentException(
            "attention over %d positions; this model was opened for %d"
                .formatted(
                    span.startPosition() + span.rows(), state.plan().model().maxPositions()));
      }
      int tokens = RowTiles.SIZES[tile] / group;
      for (int token = 0; token < span.rows(); token += tokens) {
        for (int head = 0; head < (split ? kvHeads : 1); head++) {
          add(i, token, Math.min(tokens, span.rows() - token), split ? head : -1);
        }
      }
    }
  }

  private static int blocks(int lastPosition) {
    return lastPosition / KvFormat.BLOCK_TOKENS + 1;
  }

  private boolean fits(int blocks, int tile, int heads) {
    int rows = RowTiles.SIZES[Math.max(tile, RowTiles.covering(group))];
    return (long) blocks * KvFormat.BLOCK_TOKENS * rows * heads <= state.plan().scores();
  }

  private void add(int span, int token, int tokens, int head) {
    if (pieces == spanOfPiece.length) {
      spanOfPiece = Arrays.copyOf(spanOfPiece, 2 * pieces);
      firstToken = Arrays.copyOf(firstToken, 2 * pieces);
      tokensOfPiece = Arrays.copyOf(tokensOfPiece, 2 * pieces);
      headOfPiece = Arrays.copyOf(headOfPiece, 2 * pieces);
    }
    spanOfPiece[pieces] = span;
    firstToken[pieces] = token;
    tokensOfPiece[pieces] = tokens;
    headOfPiece[pieces] = head;
    pieces++;
  }

  @Override
  public void run(int workerIndex, int piece) {
    AttentionBatch.Span span = spans.get(spanOfPiece[piece]);
    boolean split = headOfPiece[piece] >= 0;
    int firstHead = split ? headOfPiece[piece] : 0;
    int heads = split ? 1 : kvHeads;
    int tokens = tokensOfPiece[piece];
    int tile = RowTiles.covering(tokens * group);
    int rows = RowTiles.SIZES[tile];
    int position = span.startPosition() + firstToken[piece];
    int row = span.firstRow() + firstToken[piece];
    int blocks = blocks(position + tokens - 1);
    int blockScores = heads * rows * KvFormat.BLOCK_TOKENS;
    Worker worker = state.worker(workerIndex);
    int which = split ? 0 : 1;

    gatherQueries(worker, row, tokens, firstHead, heads, rows);
    MatmulCall scoring = scores[which].call(workerIndex, tile);
    for (int block = 0; block < blocks; block++) {
      long keys = store.address(layer, span.blockTable()[block]) + store.format().keysOf(firstHead);
      scoring.run(worker.queryAt, keys, worker.scoresAt + 4L * block * blockScores);
    }
    softmax(worker, position, tokens, heads, rows, blocks);
    for (int block = 0; block < blocks; block++) {
      long values =
          store.address(layer, span.blockTable()[block]) + store.format().valuesOf(firstHead);
      (block == 0 ? firstValues : moreValues)
          [which].call(workerIndex, tile)
          .run(worker.scoresAt + 4L * block * blockScores, values, worker.attendedAt);
    }
    storeRows(worker, row, tokens, firstHead, heads, rows, blocks);
  }

  private void gatherQueries(
      Worker worker, int row, int tokens, int firstHead, int heads, int rows) {
    int width = group * headDim;
    for (int head = 0; head < heads; head++) {
      for (int token = 0; token < tokens; token++) {
        int from = ((row + token) * kvHeads + firstHead + head) * width;
        worker.query.put(head * rows * headDim + token * width, queries, from, width);
      }
    }
  }

  /** Turns scores into unnormalised probabilities, in scratch memory and on the heap. */
  private void softmax(Worker worker, int position, int tokens, int heads, int rows, int blocks) {
    int blockScores = heads * rows * KvFormat.BLOCK_TOKENS;
    float[] values = worker.heapScores;
    worker.scores.get(0, values, 0, blocks * blockScores);
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < tokens * group; row++) {
        int from = (head * rows + row) * KvFormat.BLOCK_TOKENS;
        mask(values, from, blockScores, position + row / group, blocks);
      }
    }
    worker.scores.put(0, values, 0, blocks * blockScores);
    worker.exp.run(worker.scoresAt, blocks * blockScores);
    worker.scores.get(0, values, 0, blocks * blockScores);
  }

  private void mask(float[] values, int from, int stride, int position, int blocks) {
    int last = position / KvFormat.BLOCK_TOKENS;
    int visible = position % KvFormat.BLOCK_TOKENS + 1;
    float max = Float.NEGATIVE_INFINITY;
    for (int block = 0; block < last; block++) {
      max = RowMath.max(values, from + block * stride, KvFormat.BLOCK_TOKENS, max);
    }
    max = RowMath.max(values, from + last * stride, visible, max);
    for (int block = 0; block < last; block++) {
      RowMath.shift(values, from + block * stride, KvFormat.BLOCK_TOKENS, max, scale);
    }
    int lastFrom = from + last * stride;
    RowMath.shift(values, lastFrom, visible, max, scale);
    Arrays.fill(
        values, lastFrom + visible, lastFrom + KvFormat.BLOCK_TOKENS, Float.NEGATIVE_INFINITY);
    for (int block = last + 1; block < blocks; block++) {
      int at = from + block * stride;
      Arrays.fill(values, at, at + KvFormat.BLOCK_TOKENS, Float.NEGATIVE_INFINITY);
    }
  }

  private void storeRows(
      Worker worker, int row, int tokens, int firstHead, int heads, int rows, int blocks) {
    int width = group * headDim;
    float[] attended = worker.row(width);
    int blockScores = heads * rows * KvFormat.BLOCK_TOKENS;
    for (int head = 0; head < heads; head++) {
      for (int token = 0; token < tokens; token++) {
        worker.attended.get(head * rows * headDim + token * width, attended, 0, width);
        for (int member = 0; member < group; member++) {
          int from = (head * rows + token * group + member) * KvFormat.BLOCK_TOKENS;
          float total = 0;
          for (int block = 0; block < blocks; block++) {
            total +=
                RowMath.sum(worker.heapScores, from + block * blockScores, KvFormat.BLOCK_TOKENS);
          }
          RowMath.scale(attended, member * headDim, headDim, 1 / total);
        }
        int to = ((row + token) * kvHeads + firstHead + head) * width;
        worker.store(attended, 0, width, out, outShorts, to);
      }
    }
  }
}
