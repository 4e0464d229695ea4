package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.model.KeyRange;
import java.util.Arrays;
import java.util.List;

/** Attention cut into pieces of work, reused from call to call. */
final class AttentionPieces {
  /** How far the heads are divided. */
  private enum Split {
    /** All key/value heads in one piece. */
    NONE,
    /** Each key/value head on its own. */
    HEADS,
    /** Each key/value head, and its query heads in runs. */
    MEMBERS
  }

  private static final int FEWEST_MEMBERS = RowTiles.SIZES[0];

  private final StreamPlan plan;
  private final AttentionShape shape;
  private final int threads;
  private final int largestTile;

  private int count;
  private int[] span = new int[16];
  private int[] firstToken = new int[16];
  private int[] tokens = new int[16];
  private int[] head = new int[16];
  private int[] firstMember = new int[16];
  private int[] members = new int[16];

  AttentionPieces(StreamPlan plan, AttentionShape shape, int threads) {
    this.plan = plan;
    this.shape = shape;
    this.threads = threads;
    this.largestTile = plan.attentionTiles(shape) - 1;
  }

  /** Cuts anew: into as few pieces as memory allows, but enough to keep all threads at work. */
  void cut(List<AttentionBatch.Span> spans, KeyRange visible) {
    cut(spans, visible, Split.NONE);
    if (threads > 1 && count < 2 * threads) {
      cut(spans, visible, Split.HEADS);
    }
    if (count < threads) {
      cut(spans, visible, Split.MEMBERS);
    }
  }

  private void cut(List<AttentionBatch.Span> spans, KeyRange visible, Split split) {
    count = 0;
    for (int i = 0; i < spans.size(); i++) {
      cut(i, spans.get(i), visible, split);
    }
  }

  private void cut(int index, AttentionBatch.Span ofSpan, KeyRange visible, Split least) {
    int keys = mostKeys(ofSpan.startPosition() + ofSpan.rows() - 1, visible);
    Split split = least;
    if (split == Split.NONE && !fits(keys, shape.group(), shape.kvHeads())) {
      split = Split.HEADS;
    }
    int heads = split == Split.NONE ? shape.kvHeads() : 1;
    int run = run(ofSpan, keys, heads, split == Split.MEMBERS);
    int tile = largestTile;
    while (tile > 0
        && RowTiles.SIZES[tile - 1] >= run
        && !fits(keys, RowTiles.SIZES[tile], heads)) {
      tile--;
    }
    int step = run < shape.group() ? 1 : RowTiles.SIZES[tile] / run;
    for (int token = 0; token < ofSpan.rows(); token += step) {
      int some = Math.min(step, ofSpan.rows() - token);
      for (int one = 0; one < shape.kvHeads() / heads; one++) {
        for (int member = 0; member < shape.group(); member += run) {
          int part = Math.min(run, shape.group() - member);
          add(index, token, some, split == Split.NONE ? -1 : one, member, part);
        }
      }
    }
  }

  /** How many query heads of a key/value head go together. */
  private int run(AttentionBatch.Span ofSpan, int keys, int heads, boolean divide) {
    int run = shape.group();
    if (divide) {
      run = Math.min(run, Math.max(FEWEST_MEMBERS, (run + threads - 1) / threads));
    }
    while (run > FEWEST_MEMBERS && !fits(keys, run, heads)) {
      run = (run + 1) / 2;
    }
    if (!fits(keys, run, heads)) {
      throw new IllegalArgumentException(
          "attention over %d positions; this model was opened for %d"
              .formatted(ofSpan.startPosition() + ofSpan.rows(), plan.model().maxPositions()));
    }
    return run;
  }

  /** The most keys a tile up to this position reads, in whole blocks. */
  private int mostKeys(int last, KeyRange visible) {
    int all = last / KvFormat.BLOCK_TOKENS + 1;
    int reach = Math.max(visible.window(), visible.chunk());
    int some = reach == 0 ? all : (reach + RowTiles.SIZES[largestTile]) / KvFormat.BLOCK_TOKENS + 2;
    return Math.min(all, some) * KvFormat.BLOCK_TOKENS;
  }

  private boolean fits(int keys, int rows, int heads) {
    return (long) keys * RowTiles.SIZES[RowTiles.covering(rows)] * heads <= plan.scores();
  }

  private void add(int ofSpan, int token, int someTokens, int ofHead, int member, int someMembers) {
    if (count == span.length) {
      span = Arrays.copyOf(span, 2 * count);
      firstToken = Arrays.copyOf(firstToken, 2 * count);
      tokens = Arrays.copyOf(tokens, 2 * count);
      head = Arrays.copyOf(head, 2 * count);
      firstMember = Arrays.copyOf(firstMember, 2 * count);
      members = Arrays.copyOf(members, 2 * count);
    }
    span[count] = ofSpan;
    firstToken[count] = token;
    tokens[count] = someTokens;
    head[count] = ofHead;
    firstMember[count] = member;
    members[count] = someMembers;
    count++;
  }

  int count() {
    return count;
  }

  /** Index of the span. */
  int span(int piece) {
    return span[piece];
  }

  /** First token within the span. */
  int firstToken(int piece) {
    return firstToken[piece];
  }

  /** How many tokens. */
  int tokens(int piece) {
    return tokens[piece];
  }

  /** The key/value head, or -1 for all. */
  int head(int piece) {
    return head[piece];
  }

  /** First query head of the key/value head, or of each. */
  int firstMember(int piece) {
    return firstMember[piece];
  }

  /** How many query heads of each key/value head. */
  int members(int piece) {
    return members[piece];
  }
}
