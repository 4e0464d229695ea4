package dev.drey.runtime.predict;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Sequences of a few kinds of tokens. A token's experts depend on its domain, its kind and the
 * layer alone; most tokens are followed by one of their kind. Sequences run one after the other: a
 * prompt of six rows, then twelve single tokens, whose predictions are compared with what they
 * choose.
 */
final class Traffic {
  static final int LAYERS = 6;
  static final int EXPERTS = 64;
  static final PredictorShape SHAPE = PredictorShape.of(LAYERS, EXPERTS, 2);

  private static final int KINDS = 4;
  private static final int PROMPT = 6;
  private static final int ANSWER = 12;
  private static final double SAME_KIND = 0.6;

  /** Recall of as many of the likeliest as were chosen, averaged over steps and layers. */
  static final class Recall {
    private final double[] sums = new double[2 * LAYERS + 1];
    private final int[] counts = new int[2 * LAYERS + 1];

    private void add(int slot, double recall) {
      sums[slot] += recall;
      counts[slot]++;
    }

    /** Of what was said after a router, for the layer so many layers ahead. */
    double ahead(int layers) {
      return sums[layers] / counts[layers];
    }

    /** Of what was said of a layer as the step began. */
    double atBegin(int layer) {
      return sums[LAYERS + 1 + layer] / counts[LAYERS + 1 + layer];
    }
  }

  private record Guess(int issuedAt, int target, List<Integer> experts) {}

  private final PredictorRig rig;
  private final Random random;
  private int sequences;

  Traffic(String predictor, PredictorOptions options) {
    rig = PredictorRig.of(predictor, SHAPE, options);
    random = new Random(7);
  }

  private static int[] experts(int token, int layer) {
    Random choice = new Random(1000L * token + layer);
    choice.nextInt(); // the first draw of neighbouring seeds is alike
    int first = choice.nextInt(EXPERTS);
    return new int[] {first, (first + 1 + choice.nextInt(EXPERTS - 1)) % EXPERTS};
  }

  /** Runs sequences of one domain. */
  Recall run(int count, int domain) {
    Recall recall = new Recall();
    for (int i = 0; i < count; i++) {
      int sequence = sequences++;
      int token = domain * KINDS + random.nextInt(KINDS);
      int[] prompt = new int[PROMPT];
      for (int row = 0; row < PROMPT; row++) {
        token = next(token, domain);
        prompt[row] = token;
      }
      pass(prompt, new PredictorRig.Span(sequence, PROMPT, PROMPT, 0), new Recall());
      for (int output = 1; output <= ANSWER; output++) {
        token = next(token, domain);
        pass(new int[] {token}, new PredictorRig.Span(sequence, 1, PROMPT, output), recall);
      }
      rig.predictor.sequenceEnded(sequence);
    }
    return recall;
  }

  private int next(int token, int domain) {
    return random.nextDouble() < SAME_KIND ? token : domain * KINDS + random.nextInt(KINDS);
  }

  private void pass(int[] tokens, PredictorRig.Span span, Recall recall) {
    List<Guess> guesses = new ArrayList<>();
    rig.begin(tokens, span);
    keep(ExpertPredictor.STEP_BEGIN, guesses);
    for (int layer = 0; layer < LAYERS; layer++) {
      int[] chosen = new int[2 * tokens.length];
      for (int row = 0; row < tokens.length; row++) {
        System.arraycopy(experts(tokens[row], layer), 0, chosen, 2 * row, 2);
      }
      for (Guess guess : guesses) {
        if (guess.target() == layer) {
          int slot = guess.issuedAt() < 0 ? LAYERS + 1 + layer : layer - guess.issuedAt();
          recall.add(slot, share(guess.experts(), chosen));
        }
      }
      rig.route(layer, chosen);
      keep(layer, guesses);
    }
  }

  private void keep(int issuedAt, List<Guess> guesses) {
    for (int target : rig.targets()) {
      guesses.add(new Guess(issuedAt, target, rig.predicted(target)));
    }
  }

  private static double share(List<Integer> predicted, int[] chosen) {
    List<Integer> best = predicted.subList(0, Math.min(2, predicted.size()));
    return (best.contains(chosen[0]) ? 0.5 : 0) + (best.contains(chosen[1]) ? 0.5 : 0);
  }
}
