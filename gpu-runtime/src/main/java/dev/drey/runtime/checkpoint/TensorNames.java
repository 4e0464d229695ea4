package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.ExpertId;

/** The names that an architecture's checkpoints give to their tensors. */
public interface TensorNames {
  /** Token embeddings, {@code [vocabulary, hidden]}. */
  String embedding();

  /** Scale of the norm behind the last layer, {@code [hidden]}. */
  String finalNorm();

  /** Output projection, {@code [vocabulary, hidden]}; asked for only if it is not tied. */
  String outputProjection();

  /** The weights of a layer other than its feed-forward networks. */
  LayerNames layer(int layer);

  /** The feed-forward network of a layer without experts. */
  ExpertNames dense(int layer);

  /** A routed expert. */
  ExpertNames expert(ExpertId id);

  /** Whether a checkpoint may hold this tensor without the engine needing it. */
  boolean isSuperfluous(String tensor);

  /**
   * Names in one decoder layer; those of weights that the model does not have are not asked for.
   *
   * @param attentionNorm {@code [hidden]}
   * @param query {@code [heads * headDim, hidden]}
   * @param key {@code [kvHeads * headDim, hidden]}
   * @param value {@code [kvHeads * headDim, hidden]}
   * @param output {@code [hidden, heads * headDim]}
   * @param queryNorm {@code [headDim]}
   * @param keyNorm {@code [headDim]}
   * @param feedForwardNorm {@code [hidden]}
   * @param router {@code [experts, hidden]}
   */
  record LayerNames(
      String attentionNorm,
      String query,
      String key,
      String value,
      String output,
      String queryNorm,
      String keyNorm,
      String feedForwardNorm,
      String router) {}

  /**
   * Names in one SwiGLU feed-forward network.
   *
   * @param gate {@code [intermediate, hidden]}
   * @param up {@code [intermediate, hidden]}
   * @param down {@code [hidden, intermediate]}
   */
  record ExpertNames(String gate, String up, String down) {}
}
