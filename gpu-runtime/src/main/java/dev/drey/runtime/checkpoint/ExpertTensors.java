package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.NetworkPart;

/**
 * Where the weights of one gated feed-forward network are.
 *
 * @param gate {@code [intermediate, hidden]}
 * @param up {@code [intermediate, hidden]}
 * @param down {@code [hidden, intermediate]}
 */
public record ExpertTensors(StoredMatrix gate, StoredMatrix up, StoredMatrix down) {
  /** One of the three. */
  public StoredMatrix part(NetworkPart part) {
    return switch (part) {
      case GATE -> gate;
      case UP -> up;
      case DOWN -> down;
    };
  }
}
