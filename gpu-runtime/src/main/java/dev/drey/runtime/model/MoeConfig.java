package dev.drey.runtime.model;

/**
 * The mixture-of-experts feed-forward of a model's routed layers.
 *
 * @param experts routed experts per layer
 * @param expertsPerToken experts each token is sent to (top-k)
 * @param intermediate width of one expert
 * @param router how the choice is made
 * @param sharedIntermediate width of the expert that every token is sent to; 0 for none
 * @param sharedGate whether its output is multiplied by the sigmoid of a projection
 * @param scaledInput whether a weight multiplies the expert's input in place of its output
 * @param expertBias whether experts have biases
 * @param unit activation of every feed-forward network of the model
 */
public record MoeConfig(
    int experts,
    int expertsPerToken,
    int intermediate,
    RouterConfig router,
    int sharedIntermediate,
    boolean sharedGate,
    boolean scaledInput,
    boolean expertBias,
    GatedUnit unit) {

  /** Routed experts only, SwiGLU. */
  public static MoeConfig of(
      int experts, int expertsPerToken, int intermediate, RouterConfig router) {
    return new MoeConfig(
        experts, expertsPerToken, intermediate, router, 0, false, false, false, GatedUnit.SWIGLU);
  }

  /** With a shared expert; a width of 0 means none. */
  public MoeConfig withShared(int width, boolean gate) {
    return new MoeConfig(
        experts, expertsPerToken, intermediate, router, width, gate, scaledInput, expertBias, unit);
  }

  /** With weights on the experts' inputs. */
  public MoeConfig withScaledInput() {
    return new MoeConfig(
        experts,
        expertsPerToken,
        intermediate,
        router,
        sharedIntermediate,
        sharedGate,
        true,
        expertBias,
        unit);
  }

  /** With biases and another activation. */
  public MoeConfig withBias(GatedUnit other) {
    return new MoeConfig(
        experts,
        expertsPerToken,
        intermediate,
        router,
        sharedIntermediate,
        sharedGate,
        scaledInput,
        true,
        other);
  }
}
