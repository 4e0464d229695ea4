package dev.drey.runtime.sampling;

/**
 * Makes tokens that were seen before less likely. Definitions as in the OpenAI interface (presence,
 * frequency) and in Keskar et al., "CTRL", 2019, section 4.1 (repetition; negative logits are
 * multiplied, as everybody does). Each touched logit is computed in double and rounded once.
 */
final class Penalties {
  private static final int DONE = -1;

  /** Occurrences in the output by id; zero between calls. */
  private final int[] seen;

  Penalties(int vocabulary) {
    seen = new int[vocabulary];
  }

  static boolean wanted(SamplingParams params) {
    return params.repetitionPenalty() != 1
        || params.presencePenalty() != 0
        || params.frequencyPenalty() != 0;
  }

  /** Changes the logits of all tokens in the prompt or in the output. */
  void apply(float[] logits, SamplingParams params, TokenHistory history) {
    int[] output = history.outputIds();
    int outputCount = history.outputCount();
    for (int i = 0; i < outputCount; i++) {
      seen[output[i]]++;
    }
    for (int i = 0; i < outputCount; i++) {
      int id = output[i];
      if (seen[id] != DONE) {
        double penalty = params.frequencyPenalty() * seen[id] + params.presencePenalty();
        logits[id] = (float) (repeated(logits[id], params.repetitionPenalty()) - penalty);
        seen[id] = DONE;
      }
    }
    for (int id : history.promptIds()) {
      if (seen[id] != DONE) {
        logits[id] = (float) repeated(logits[id], params.repetitionPenalty());
        seen[id] = DONE;
      }
    }
    forget(history);
  }

  private static double repeated(double logit, double penalty) {
    return logit > 0 ? logit / penalty : logit * penalty;
  }

  private void forget(TokenHistory history) {
    for (int i = 0; i < history.outputCount(); i++) {
      seen[history.outputIds()[i]] = 0;
    }
    for (int id : history.promptIds()) {
      seen[id] = 0;
    }
  }
}
