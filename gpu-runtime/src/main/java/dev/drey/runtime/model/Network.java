package dev.drey.runtime.model;

/** The kinds of gated feed-forward networks: each has a gate, an up and a down projection. */
public enum Network {
  /** The one network of a layer without experts. */
  DENSE(WeightClass.FEED_FORWARD),
  /** The expert of a layer that every token is sent to besides those of its choice. */
  SHARED(WeightClass.FEED_FORWARD),
  /** A routed expert. */
  EXPERT(WeightClass.EXPERT);

  private final WeightClass weightClass;

  Network(WeightClass weightClass) {
    this.weightClass = weightClass;
  }

  /** What its weights are for. */
  public WeightClass weightClass() {
    return weightClass;
  }
}
