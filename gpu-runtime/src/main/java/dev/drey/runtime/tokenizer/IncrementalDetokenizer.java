package dev.drey.runtime.tokenizer;

import java.util.Arrays;

/**
 * The text of a growing sequence of tokens, piece by piece: every piece consists of whole
 * characters that no later token changes, and all pieces with {@link #finish()} are together
 * exactly {@code decode(all ids)}.
 *
 * <p>Ids are decoded in windows. A window ends where no later token can change its text:
 *
 * <ul>
 *   <li>a byte-level decoder makes characters of the bytes of all tokens, so after a token whose
 *       text ends in a whole character; while it ends in U+FFFD, which may be the start of a
 *       character, that one is held back;
 *   <li>a decoder with byte fallback makes characters of each run of byte tokens, or one U+FFFD per
 *       byte if the run as a whole is malformed, so after a token that is not a byte.
 * </ul>
 *
 * <p>The latter decoders also remove one space at the start of the text, and only there; windows
 * behind the first are therefore decoded behind a letter.
 *
 * <p>Tokens without text (special ones that are skipped, ids that have no token) are left out, as
 * the decoder does: the bytes around them touch. Not thread-safe.
 */
public final class IncrementalDetokenizer {
  /** A byte-level window as long as this holds malformed bytes, and is split where it can be. */
  private static final int LONG_WINDOW = 12;

  private final Tokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private final StringBuilder text = new StringBuilder();
  private int[] window = new int[LONG_WINDOW + 2];
  private int windowSize;
  private int windowCharsGiven;
  private boolean atStart = true;

  /**
   * Starts with an empty sequence.
   *
   * @param tokenizer stays the caller's
   * @param skipSpecialTokens whether special tokens have no text
   */
  public IncrementalDetokenizer(Tokenizer tokenizer, boolean skipSpecialTokens) {
    this.tokenizer = tokenizer;
    this.skipSpecialTokens = skipSpecialTokens;
  }

  /** Appends a token and returns the characters that it completes, often none. */
  public String append(int id) {
    if (!tokenizer.hasToken(id) || (skipSpecialTokens && tokenizer.isSpecial(id))) {
      return "";
    }
    if (windowSize == window.length) {
      window = Arrays.copyOf(window, 2 * windowSize);
    }
    window[windowSize++] = id;
    return tokenizer.file().joinsBytes() ? appendBytes() : appendToken(id);
  }

  /**
   * Ends the sequence: returns what was held back, incomplete characters as U+FFFD. Appending after
   * this starts over in mid-text and is not meant to be done.
   */
  public String finish() {
    return windowSize == 0 ? "" : endWindow(decode(0, windowSize));
  }

  /** Everything returned so far. */
  public String text() {
    return text.toString();
  }

  /** Tokens that are kept to be decoded again. */
  int windowSize() {
    return windowSize;
  }

  private String appendToken(int id) {
    return tokenizer.file().bytes().get(id) ? "" : endWindow(decode(0, windowSize));
  }

  private String appendBytes() {
    String decoded = decode(0, windowSize);
    if (!endsInReplacement(decoded)) {
      return endWindow(decoded);
    }
    String piece = give(decoded, decoded.length() - 1);
    if (windowSize >= LONG_WINDOW) {
      splitWindow(decoded);
    }
    return piece;
  }

  /**
   * Drops leading tokens of a window of malformed bytes. No character and no malformed sequence
   * spans a cut if, and only if, the two sides have together as many characters as the whole.
   */
  private void splitWindow(String decoded) {
    for (int cut = windowSize - 1; cut > 0; cut--) {
      String before = decode(0, cut);
      if (before.length() <= windowCharsGiven
          && before.length() + decode(cut, windowSize).length() == decoded.length()) {
        System.arraycopy(window, cut, window, 0, windowSize - cut);
        windowSize -= cut;
        windowCharsGiven -= before.length();
        return;
      }
    }
  }

  private String endWindow(String decoded) {
    String piece = give(decoded, decoded.length());
    windowSize = 0;
    windowCharsGiven = 0;
    atStart = false;
    return piece;
  }

  private String give(String decoded, int until) {
    if (until <= windowCharsGiven) {
      return "";
    }
    String piece = decoded.substring(windowCharsGiven, until);
    windowCharsGiven = until;
    text.append(piece);
    return piece;
  }

  private String decode(int from, int to) {
    boolean behindLetter = !atStart && !tokenizer.file().joinsBytes();
    int[] ids = new int[to - from + (behindLetter ? 1 : 0)];
    System.arraycopy(window, from, ids, ids.length - (to - from), to - from);
    if (behindLetter) {
      ids[0] = tokenizer.file().letter();
    }
    return tokenizer.decode(ids, skipSpecialTokens).substring(behindLetter ? 1 : 0);
  }

  private static boolean endsInReplacement(String decoded) {
    return !decoded.isEmpty() && decoded.charAt(decoded.length() - 1) == '\ufffd';
  }
}
