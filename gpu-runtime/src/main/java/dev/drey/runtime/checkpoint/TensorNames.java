package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.model.WeightShape;

/** What an architecture's checkpoints call their weights, and how they store them. */
interface TensorNames {
  /** A weight outside of the decoder layers. */
  StoredAs global(WeightShape weight);

  /** A weight of a decoder layer. */
  StoredAs layer(int layer, WeightShape weight);

  /**
   * A projection of a feed-forward network.
   *
   * @param expert index of a routed expert; 0 for the other networks
   */
  StoredAs network(int layer, Network network, int expert, NetworkPart part);

  /** Whether a checkpoint may hold this tensor without the engine needing it. */
  boolean isSuperfluous(String tensor);
}
