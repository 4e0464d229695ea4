package dev.drey.runtime.device;

/**
 * The router's choice for a batch of tokens, on the host. Entry {@code token * k + rank} holds the
 * expert of that rank and the weight its output is multiplied by; ranks fall in weight, ties go to
 * the lower expert.
 */
public final class Routing {
  private final int k;
  private final int[] experts;
  private final float[] weights;

  /**
   * @param maxTokens most tokens per batch
   * @param k experts per token
   */
  public Routing(int maxTokens, int k) {
    this.k = k;
    this.experts = new int[maxTokens * k];
    this.weights = new float[maxTokens * k];
  }

  /** Experts per token. */
  public int k() {
    return k;
  }

  /** Chosen experts; written by the device, read by everyone. */
  public int[] experts() {
    return experts;
  }

  /** Their weights; written by the device, read by everyone. */
  public float[] weights() {
    return weights;
  }
}
