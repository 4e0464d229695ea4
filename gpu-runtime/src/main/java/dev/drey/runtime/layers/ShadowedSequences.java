package dev.drey.runtime.layers;

import dev.drey.runtime.predict.ShadowAlignment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far a shadow model has followed each sequence: which of its blocks of keys and values must be
 * copied from the model's before the next token, and which token that is.
 *
 * <p>Knows as many sequences as a step has at most; the one that has not run for longest is
 * forgotten, and taken up anew if it runs again.
 */
final class ShadowedSequences {
  private final ShadowAlignment alignment;
  private final int blockTokens;
  private final Map<Integer, Shadowed> known;

  /**
   * @param capacity most sequences of a step
   */
  ShadowedSequences(ShadowAlignment alignment, int capacity, int blockTokens) {
    this.alignment = alignment;
    this.blockTokens = blockTokens;
    this.known =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Integer, Shadowed> eldest) {
            return size() > capacity;
          }
        };
  }

  /** Whether the shadow's own choice of tokens is ever used. */
  boolean choosesTokens() {
    return alignment.tokens() != 1;
  }

  void forget(int sequence) {
    known.remove(sequence);
  }

  void forgetAll() {
    known.clear();
  }

  /**
   * A sequence computes its next token.
   *
   * @param position of the token
   * @param table blocks of the model's keys and values, longer than needed is fine
   */
  Shadowed follow(int sequence, int position, int[] table) {
    Shadowed shadowed = known.computeIfAbsent(sequence, number -> new Shadowed());
    shadowed.advance(position, table);
    return shadowed;
  }

  /** One sequence. */
  final class Shadowed {
    private int next = -1; // position it would go on with
    private int ownKeys; // first position whose keys are the shadow's own
    private int ownTokens; // of its own choice, one after the other
    private int choice;
    private boolean fresh;
    private int[] blocks = {};
    private int[] stale = {};
    private int staleCount;

    private void advance(int position, int[] table) {
      fresh = position != next;
      int held = (position - 1) / blockTokens + 1; // blocks with a token before this one
      boolean align = alignment.keys() > 0 && position - ownKeys >= alignment.keys();
      int from = fresh ? 0 : align ? ownKeys / blockTokens : held;
      stale = new int[held];
      staleCount = 0;
      for (int block = 0; block < held; block++) {
        boolean exchanged = block >= blocks.length || blocks[block] != table[block];
        if (block >= from || exchanged) {
          stale[staleCount++] = table[block];
        }
      }
      blocks = Arrays.copyOf(table, position / blockTokens + 1);
      ownKeys = fresh || align ? position : ownKeys;
      next = position + 1;
    }

    /** Blocks to be copied, the first {@link #staleCount()} entries. */
    int[] stale() {
      return stale;
    }

    int staleCount() {
      return staleCount;
    }

    /** The token to compute: the true one, or what the shadow has chosen in its place. */
    int token(int trueToken) {
      boolean align = alignment.tokens() > 0 && ownTokens >= alignment.tokens() - 1;
      if (fresh || align) {
        ownTokens = 0;
        return trueToken;
      }
      ownTokens++;
      return choice;
    }

    /** What the shadow has chosen to follow. */
    void chose(int token) {
      choice = token;
    }
  }
}
