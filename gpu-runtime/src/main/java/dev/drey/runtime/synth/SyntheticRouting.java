package dev.drey.runtime.synth;

/**
 * How the routers of a synthetic model choose. {@link PlantedRouting} says how that is done.
 *
 * @param skew how unequal experts are: the exponent of Zipf's law that their popularity follows in
 *     every layer, at least 0 (all alike)
 * @param topics kinds of tokens, 0 (none) or at least 2; token {@code v} is of topic {@code v mod
 *     topics}, and what the model generates stays with the topic
 * @param locality share of the variance of router scores that a token's topic explains, from 0 (the
 *     topic says nothing) to 1 (all tokens of a topic choose the same experts); above 0 it needs
 *     topics
 * @param correlation of the router scores of an expert and of its partner in the next layer, from 0
 *     (one layer's choice says nothing of the next one's) to 1
 */
public record SyntheticRouting(double skew, int topics, double locality, double correlation) {
  private static final double MAX_SKEW = 4;

  /** Routers without any structure. */
  public static final SyntheticRouting NONE = new SyntheticRouting(0, 0, 0, 0);

  public SyntheticRouting {
    SyntheticSpec.require(
        skew >= 0 && skew <= MAX_SKEW, "skew must be from 0 to " + MAX_SKEW + ", not " + skew);
    SyntheticSpec.require(
        topics == 0 || topics >= 2, "topics must be 0 or at least 2, not " + topics);
    SyntheticSpec.require(
        locality >= 0 && locality <= 1, "locality must be from 0 to 1, not " + locality);
    SyntheticSpec.require(
        locality == 0 || topics > 0,
        "locality " + locality + " needs topics; set at least 2, or locality 0");
    SyntheticSpec.require(
        correlation >= 0 && correlation <= 1,
        "correlation must be from 0 to 1, not " + correlation);
  }

  /** Whether any structure is asked for. */
  boolean isPlanted() {
    return skew > 0 || topics > 0 || correlation > 0;
  }
}
