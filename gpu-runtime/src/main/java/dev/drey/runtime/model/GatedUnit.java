package dev.drey.runtime.model;

/**
 * The activation of a gated feed-forward network, from gate {@code g} and up projection {@code u}:
 * {@code (u + shift) * g * sigmoid(alpha * g)}, with {@code g} at most {@code limit} and {@code u}
 * within plus or minus {@code limit}.
 *
 * @param alpha steepness of the sigmoid
 * @param limit bound of both inputs; 0 for none
 * @param shift added to the up projection
 */
public record GatedUnit(float alpha, float limit, float shift) {
  /** SwiGLU (Shazeer, arXiv 2002.05202): {@code u * silu(g)}. */
  public static final GatedUnit SWIGLU = new GatedUnit(1, 0, 0);

  /** The clamped form of gpt-oss. */
  public static GatedUnit clamped(double limit) {
    return new GatedUnit(1.702f, (float) limit, 1);
  }
}
