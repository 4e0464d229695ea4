package dev.drey.operators.pipeline;

import java.util.function.Function;

/** Texts to token ids, in the ways requests ask for them. */
final class PromptText {
  /**
   * Context and continuation as one row of tokens.
   *
   * @param ids tokens of both
   * @param scoreFrom first token of the continuation
   */
  record Pair(int[] ids, int scoreFrom) {}

  private PromptText() {}

  /**
   * Encodes a pair as the lm-evaluation-harness does ({@code TemplateLM._encode_pair}): white space
   * at the end of the context goes to the continuation, both are encoded as one text, and what lies
   * beyond the length of the context's own tokens is the continuation.
   */
  static Pair pair(String context, String continuation, Function<String, int[]> encoder) {
    int end = context.length();
    while (end > 0 && isSpace(context.charAt(end - 1))) {
      end--;
    }
    int[] whole = encoder.apply(context + continuation);
    int contextTokens = end == 0 ? 0 : encoder.apply(context.substring(0, end)).length;
    return new Pair(whole, Math.min(contextTokens, whole.length));
  }

  /** The pair with a token in front, so that the first token has something to follow. */
  static Pair begunWith(int beginToken, Pair pair) {
    int[] ids = new int[pair.ids().length + 1];
    ids[0] = beginToken;
    System.arraycopy(pair.ids(), 0, ids, 1, pair.ids().length);
    return new Pair(ids, pair.scoreFrom() + 1);
  }

  /** Bytes of a text in UTF-8. */
  static long utf8Bytes(String text) {
    return text.codePoints().mapToLong(PromptText::utf8Bytes).sum();
  }

  private static int utf8Bytes(int codePoint) {
    if (codePoint < 0x80) {
      return 1;
    }
    if (codePoint < 0x800) {
      return 2;
    }
    return codePoint < 0x10000 ? 3 : 4;
  }

  /** What Python's {@code str.rstrip} takes away. */
  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  /** The index of the first id outside {@code 0..vocabulary-1}, or -1. */
  static int firstOutside(int[] ids, int vocabulary) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        return i;
      }
    }
    return -1;
  }
}
