package dev.drey.runtime.device;

/**
 * How router logits become a choice: softmax over all experts in float32, the k largest, optionally
 * divided by their sum.
 *
 * @param experts routed experts
 * @param k experts per token
 * @param normalise whether the chosen weights are divided by their sum
 */
public record RouterSpec(int experts, int k, boolean normalise) {}
