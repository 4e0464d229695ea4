package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.TensorRegion;
import java.util.Optional;

/**
 * Where the weights of one decoder layer are, routed experts aside.
 *
 * @param attentionNorm {@code [hidden]}
 * @param query {@code [heads * headDim, hidden]}
 * @param key {@code [kvHeads * headDim, hidden]}
 * @param value {@code [kvHeads * headDim, hidden]}
 * @param output {@code [hidden, heads * headDim]}
 * @param queryNorm {@code [headDim]}; empty where queries are not normalised
 * @param keyNorm {@code [headDim]}; empty where keys are not normalised
 * @param feedForwardNorm {@code [hidden]}
 * @param router {@code [experts, hidden]}; empty in a layer without experts
 * @param dense the one feed-forward network of a layer without experts; empty in the others
 */
public record LayerTensors(
    TensorRegion attentionNorm,
    TensorRegion query,
    TensorRegion key,
    TensorRegion value,
    TensorRegion output,
    Optional<TensorRegion> queryNorm,
    Optional<TensorRegion> keyNorm,
    TensorRegion feedForwardNorm,
    Optional<TensorRegion> router,
    Optional<ExpertTensors> dense) {}
