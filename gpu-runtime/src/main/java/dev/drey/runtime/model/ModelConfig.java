package dev.drey.runtime.model;

import java.util.BitSet;

/**
 * Everything the forward pass needs to know about a model, independent of tensor names and files.
 *
 * @param architecture name of the architecture as in {@code config.json}, e.g. {@code qwen3_moe}
 * @param vocabulary rows of the embedding and of the output projection
 * @param hidden model width
 * @param layers decoder layers
 * @param maxPositions longest supported sequence, in tokens
 * @param normEpsilon epsilon of every RMS norm
 * @param tiedEmbeddings whether the output projection is the embedding matrix
 * @param attention attention of every layer
 * @param moe the routed feed-forward of the layers not in {@code denseLayers}
 * @param denseLayers layers with one plain feed-forward network in place of experts
 * @param denseIntermediate width of that network
 */
public record ModelConfig(
    String architecture,
    int vocabulary,
    int hidden,
    int layers,
    int maxPositions,
    float normEpsilon,
    boolean tiedEmbeddings,
    AttentionConfig attention,
    MoeConfig moe,
    BitSet denseLayers,
    int denseIntermediate) {

  public ModelConfig {
    denseLayers = (BitSet) denseLayers.clone();
  }

  @Override
  public BitSet denseLayers() {
    return (BitSet) denseLayers.clone();
  }

  /** Whether this layer routes tokens to experts. */
  public boolean isMoe(int layer) {
    return !denseLayers.get(layer);
  }

  /** Number of layers that route to experts. */
  public int moeLayers() {
    return layers - denseLayers.cardinality();
  }

  /** Shape of every routed expert. */
  public ExpertShape expertShape() {
    return new ExpertShape(hidden, moe.intermediate());
  }

  /** Number of routed experts in the whole model. */
  public int totalExperts() {
    return moeLayers() * moe.experts();
  }
}
