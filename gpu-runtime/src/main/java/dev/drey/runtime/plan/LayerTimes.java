package dev.drey.runtime.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * Measured times of what a layer does besides products with weights.
 *
 * @param attention with storing keys and values, one for each kind of attention of the model that
 *     keeps keys and values, in order of first appearance
 * @param rest norms, routers and the sum over experts of one routed layer, by rows
 */
public record LayerTimes(List<AttentionTimes> attention, RowTimes rest) {
  public LayerTimes {
    attention = List.copyOf(attention);
  }

  LayerTimes better(LayerTimes other) {
    List<AttentionTimes> best = new ArrayList<>();
    for (int kind = 0; kind < attention.size(); kind++) {
      best.add(attention.get(kind).better(other.attention.get(kind)));
    }
    return new LayerTimes(best, rest.better(other.rest));
  }
}
