package dev.drey.runtime.plan;

/**
 * What an engine holds besides its expert slots, in bytes.
 *
 * @param dense weights that are not routed experts
 * @param kv key/value pool
 * @param states recurrent state of linear attention
 * @param staging host buffers of the I/O threads, or of the weight loader where that is more
 * @param activations buffers of one step, with logits and (token, rank) outputs
 * @param scratch scratch memory and primitives of the compute stream
 * @param sampling scratch memory of the samplers, one per thread
 * @param shadow a shadow model: its experts, keys and values, and buffers; 0 if there is none
 */
public record FixedMemory(
    long dense,
    long kv,
    long states,
    long staging,
    long activations,
    long scratch,
    long sampling,
    long shadow) {
  /** Everything together. */
  public long total() {
    return dense + kv + states + staging + activations + scratch + sampling + shadow;
  }

  /** Whether no part is larger than the same part of another. */
  boolean fitsInto(FixedMemory other) {
    return dense <= other.dense
        && kv <= other.kv
        && states <= other.states
        && staging <= other.staging
        && activations <= other.activations
        && scratch <= other.scratch
        && sampling <= other.sampling
        && shadow <= other.shadow;
  }

  /** The same without a shadow model. */
  public FixedMemory withoutShadow() {
    return new FixedMemory(dense, kv, states, staging, activations, scratch, sampling, 0);
  }

  @Override
  public String toString() {
    String ours =
        "dense weights %d + KV %d + recurrent state %d + staging %d + activations %d + scratch %d + sampling %d"
            .formatted(dense, kv, states, staging, activations, scratch, sampling);
    return shadow == 0 ? ours : ours + " + shadow model " + shadow;
  }
}
