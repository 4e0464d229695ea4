package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ExpertId;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The next layer's router applied to this layer's router input: hidden states change little from
 * layer to layer. The prediction is the union over all tokens of the experts it would choose, most
 * popular first: by number of tokens, then by the sum of their weights, then the lower expert. The
 * score is the number of tokens. The first layer is never predicted.
 *
 * <p>Fang et al., "Fate: Fast Edge Inference of Mixture-of-Experts Models via Cross-Layer Gate"
 * (arXiv 2502.12224), the cross-layer gate with the selection it uses for prefill.
 */
public final class NextLayerGatePredictor implements ExpertPredictor {
  private static final int WEIGHT_BITS = 31; // of a non-negative float, which sort like its value
  private static final int EXPERT_BITS = 12;
  private static final int TOKEN_BITS = Long.SIZE - 1 - WEIGHT_BITS - EXPERT_BITS;
  private static final int EXPERT_MASK = (1 << EXPERT_BITS) - 1;

  private final int[] tokensOf;
  private final float[] weightOf;
  private final long[] order;

  /**
   * @param experts routed experts per layer, at most 4096
   */
  public NextLayerGatePredictor(int experts) {
    if (experts < 1 || experts > 1 << EXPERT_BITS) {
      throw new IllegalArgumentException(
          "experts per layer must be 1 to " + (1 << EXPERT_BITS) + ", found " + experts);
    }
    tokensOf = new int[experts];
    weightOf = new float[experts];
    order = new long[experts];
  }

  @Override
  public String name() {
    return "gate.next-layer";
  }

  @Override
  public int lookahead() {
    return 1;
  }

  @Override
  public void predict(
      long step,
      int issuedAtLayer,
      int targetLayer,
      Routing routing,
      int tokens,
      Consumer<Prediction> sink) {
    if (tokens >= 1 << TOKEN_BITS) {
      throw new IllegalArgumentException(
          "at most " + ((1 << TOKEN_BITS) - 1) + " tokens per step, found " + tokens);
    }
    count(routing, tokens);
    int found = 0;
    for (int expert = 0; expert < tokensOf.length; expert++) {
      if (tokensOf[expert] > 0) {
        order[found++] = sortKey(expert);
      }
    }
    Arrays.sort(order, 0, found);
    for (int i = found - 1; i >= 0; i--) {
      int expert = EXPERT_MASK - (int) (order[i] & EXPERT_MASK);
      ExpertId id = new ExpertId(targetLayer, expert);
      sink.accept(new Prediction(step, issuedAtLayer, id, tokensOf[expert]));
    }
  }

  private void count(Routing routing, int tokens) {
    Arrays.fill(tokensOf, 0);
    Arrays.fill(weightOf, 0);
    for (int i = 0; i < tokens * routing.k(); i++) {
      int expert = routing.experts()[i];
      tokensOf[expert]++;
      weightOf[expert] += routing.weights()[i];
    }
  }

  /** Tokens, then weight, then the lower expert, packed so that the likeliest is the largest. */
  private long sortKey(int expert) {
    long weight = Float.floatToIntBits(Math.max(0, weightOf[expert]));
    return (long) tokensOf[expert] << (WEIGHT_BITS + EXPERT_BITS)
        | weight << EXPERT_BITS
        | (EXPERT_MASK - expert);
  }
}
