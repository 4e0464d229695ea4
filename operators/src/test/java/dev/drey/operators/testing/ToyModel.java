package dev.drey.operators.testing;

/**
 * A language model in a few lines: the state at a position is a hash of the state before and the
 * token there, and the likeliest next token is a function of the state. So one wrong, missing or
 * doubled token, position or stored state changes everything that follows.
 */
final class ToyModel {
  static final int VOCABULARY = 128;
  static final int LAYERS = 6;
  static final int EXPERTS = 8;
  static final int END_TOKEN = 1;
  static final int BEGIN_TOKEN = 2;
  private static final int FIRST_PRINTABLE = 33;
  private static final int PRINTABLE = 94;

  private ToyModel() {}

  static long next(long state, int token, int position) {
    long mixed = (state ^ (token * 0x9E3779B97F4A7C15L)) + position * 0xC2B2AE3D27D4EB4FL;
    mixed = (mixed ^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9L;
    return mixed ^ (mixed >>> 32);
  }

  static int likeliest(long state) {
    return FIRST_PRINTABLE + Math.floorMod(state, PRINTABLE);
  }

  /** Logit of a token: random noise below 4, and 8 for the likeliest. */
  static float logit(long state, int token) {
    if (token == likeliest(state)) {
      return 8;
    }
    return Math.floorMod(next(state, token, 0), 4000) / 1000f;
  }

  static int likelyExpert(long step, int layer) {
    return Math.floorMod(next(step, layer, 1), EXPERTS);
  }

  static int[] encode(String text) {
    return text.chars().map(c -> c < VOCABULARY ? c : '?').toArray();
  }

  /** What greedy decoding produces after a prompt. */
  static String continuation(String prompt, int tokens) {
    long state = 0;
    int position = 0;
    for (int id : encode(prompt)) {
      state = next(state, id, position++);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens; i++) {
      int id = likeliest(state);
      text.append((char) id);
      state = next(state, id, position++);
    }
    return text.toString();
  }
}
