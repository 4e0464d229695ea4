package dev.drey.runtime.model;

/**
 * Constant factors in the forward pass.
 *
 * @param embedding on the embeddings
 * @param residual on what each half of a layer adds to the residual stream
 * @param logits on the logits
 */
public record Multipliers(float embedding, float residual, float logits) {
  /** All 1. */
  public static final Multipliers NONE = new Multipliers(1, 1, 1);
}
