package dev.drey.runtime.trace;

import java.util.List;

/**
 * What a trace was recorded of.
 *
 * @param version version of the software
 * @param model name of the model
 * @param modelDigest digest of its description
 * @param compute type of the activations
 * @param device where it was computed
 * @param layers decoder layers, those without experts included
 * @param experts routed experts per layer
 * @param expertsPerToken experts each token is sent to
 * @param expertLayers decoder layers that have routed experts, rising
 * @param slots experts the residency window holds
 * @param slotBytes device memory of one slot
 * @param fixedBytes device memory of everything but the slots
 * @param expertBytes bytes moved to load one expert
 * @param policy name of the cache policy
 * @param predictor name of the predictor
 * @param transferThreads threads that move experts
 */
public record TraceHeader(
    String version,
    String model,
    String modelDigest,
    String compute,
    String device,
    int layers,
    int experts,
    int expertsPerToken,
    List<Integer> expertLayers,
    int slots,
    long slotBytes,
    long fixedBytes,
    long expertBytes,
    String policy,
    String predictor,
    int transferThreads) {
  private static final int MAX_EXPERTS = 1 << 24;

  public TraceHeader {
    require("layers", layers, 1 << 16);
    require("experts", experts, 1 << 16);
    require("layers * experts", (long) layers * experts, MAX_EXPERTS);
    require("expertsPerToken", expertsPerToken, experts);
    expertLayers = List.copyOf(expertLayers);
    int before = -1;
    for (int layer : expertLayers) {
      if (layer <= before || layer >= layers) {
        throw new IllegalArgumentException(
            "expertLayers: expected rising numbers below %d, found %s"
                .formatted(layers, expertLayers));
      }
      before = layer;
    }
    require("number of expertLayers", expertLayers.size(), layers);
    require("slots", slots, MAX_EXPERTS);
    require("expertBytes", expertBytes, Long.MAX_VALUE);
  }

  private static void require(String name, long found, long most) {
    if (found < 1 || found > most) {
      throw new IllegalArgumentException(
          "%s: expected 1 to %d, found %d".formatted(name, most, found));
    }
  }

  /** Routed experts of the whole model. */
  public int totalExperts() {
    return expertLayers.size() * experts;
  }

  /** Share of the fully resident memory that the engine had, from 0 to 1. */
  public double memoryFraction() {
    return (fixedBytes + (double) slots * slotBytes)
        / (fixedBytes + (double) totalExperts() * slotBytes);
  }
}
