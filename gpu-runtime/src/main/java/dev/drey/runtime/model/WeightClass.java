package dev.drey.runtime.model;

/** What a weight is for. */
public enum WeightClass {
  /** Token embeddings; also the output projection where the two are tied. */
  EMBEDDING,
  /** Projections of attention and what else belongs to it, norms aside. */
  ATTENTION,
  /** Scales and offsets of norms. */
  NORM,
  /** Router projections and their biases. */
  ROUTER,
  /** Routed experts. */
  EXPERT,
  /** Feed-forward networks that every token passes: of layers without experts, and shared ones. */
  FEED_FORWARD,
  /** Output projection of its own. */
  OUTPUT
}
