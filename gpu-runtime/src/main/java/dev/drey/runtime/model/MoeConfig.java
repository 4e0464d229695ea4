package dev.drey.runtime.model;

/**
 * Mixture-of-experts feed-forward layer with a softmax router.
 *
 * @param experts routed experts per layer
 * @param expertsPerToken experts each token is sent to (top-k)
 * @param intermediate width of one expert
 * @param normaliseTopK whether the chosen weights are divided by their sum
 */
public record MoeConfig(
    int experts, int expertsPerToken, int intermediate, boolean normaliseTopK) {}
