package dev.drey.runtime.model;

/**
 * The role of a weight in the network, routed experts and other feed-forward networks aside (see
 * {@link Network}). What a checkpoint calls it is the architecture's business.
 */
public enum Weight {
  /** Token embeddings, {@code [vocabulary, hidden]}. */
  EMBEDDING(WeightClass.EMBEDDING),
  /** Norm behind the last layer, {@code [hidden]}. */
  FINAL_NORM(WeightClass.NORM),
  /** Its offset. */
  FINAL_NORM_BIAS(WeightClass.NORM),
  /** Output projection, {@code [vocabulary, hidden]}. */
  OUTPUT(WeightClass.OUTPUT),
  /** Its bias, {@code [vocabulary]}. */
  OUTPUT_BIAS(WeightClass.OUTPUT),

  /** Norm before attention, {@code [hidden]}. */
  ATTENTION_NORM(WeightClass.NORM),
  /** Its offset. */
  ATTENTION_NORM_BIAS(WeightClass.NORM),
  /** Norm before the feed-forward networks, {@code [hidden]}. */
  FEED_FORWARD_NORM(WeightClass.NORM),
  /** Its offset. */
  FEED_FORWARD_NORM_BIAS(WeightClass.NORM),

  /** Queries, {@code [heads * headDim, hidden]}. */
  QUERY(WeightClass.ATTENTION),
  /** Keys, {@code [kvHeads * headDim, hidden]}. */
  KEY(WeightClass.ATTENTION),
  /** Values, {@code [kvHeads * headDim, hidden]}. */
  VALUE(WeightClass.ATTENTION),
  /** From attention's output to the residual stream, {@code [hidden, *]}. */
  ATTENTION_OUTPUT(WeightClass.ATTENTION),
  /** Bias of {@link #QUERY}. */
  QUERY_BIAS(WeightClass.ATTENTION),
  /** Bias of {@link #KEY}. */
  KEY_BIAS(WeightClass.ATTENTION),
  /** Bias of {@link #VALUE}. */
  VALUE_BIAS(WeightClass.ATTENTION),
  /** Bias of {@link #ATTENTION_OUTPUT}. */
  ATTENTION_OUTPUT_BIAS(WeightClass.ATTENTION),
  /** Norm of queries, {@code [headDim]} or all heads. */
  QUERY_NORM(WeightClass.NORM),
  /** Norm of keys. */
  KEY_NORM(WeightClass.NORM),
  /** One score per head that takes part in the softmax alone. */
  SINKS(WeightClass.ATTENTION),
  /** Gate of attention's output, shaped as {@link #QUERY}. */
  QUERY_GATE(WeightClass.ATTENTION),
  /** Bias of {@link #QUERY_GATE}. */
  QUERY_GATE_BIAS(WeightClass.ATTENTION),

  /** Into the latent of queries, {@code [queryRank, hidden]}. */
  QUERY_LATENT(WeightClass.ATTENTION),
  /** Its bias. */
  QUERY_LATENT_BIAS(WeightClass.ATTENTION),
  /** Norm of the latent of queries. */
  QUERY_LATENT_NORM(WeightClass.NORM),
  /** Parts of queries without position, {@code [heads * plainDim, *]}. */
  QUERY_PLAIN(WeightClass.ATTENTION),
  /** Parts of queries to be rotated, {@code [heads * rotaryDim, *]}. */
  QUERY_ROTARY(WeightClass.ATTENTION),
  /** Into the latent of keys and values, {@code [kvRank, hidden]}. */
  KV_LATENT(WeightClass.ATTENTION),
  /** Its bias. */
  KV_LATENT_BIAS(WeightClass.ATTENTION),
  /** Norm of that latent. */
  KV_LATENT_NORM(WeightClass.NORM),
  /** The rotated key of all heads, {@code [rotaryDim, hidden]}. */
  KEY_ROTARY(WeightClass.ATTENTION),
  /** Its bias. */
  KEY_ROTARY_BIAS(WeightClass.ATTENTION),
  /** Per head, what turns a query into one of the latent, {@code [kvRank, plainDim]}. */
  KEY_IMAGE(WeightClass.ATTENTION),
  /** Per head, from the latent to the value, {@code [valueWidth, kvRank]}. */
  VALUE_IMAGE(WeightClass.ATTENTION),

  /** Queries of the delta rule. */
  DELTA_QUERY(WeightClass.ATTENTION),
  /** Its keys. */
  DELTA_KEY(WeightClass.ATTENTION),
  /** Its values. */
  DELTA_VALUE(WeightClass.ATTENTION),
  /** Gate of its output. */
  DELTA_GATE(WeightClass.ATTENTION),
  /** How much a token corrects the state, one number per value head. */
  DELTA_STRENGTH(WeightClass.ATTENTION),
  /** How much the state decays, one number per value head. */
  DELTA_DECAY(WeightClass.ATTENTION),
  /** Convolution, {@code [channels, kernel]}. */
  DELTA_CONVOLUTION(WeightClass.ATTENTION),
  /** Logarithm of the decay's rate per value head. */
  DELTA_DECAY_RATE(WeightClass.ATTENTION),
  /** Bias of {@link #DELTA_DECAY}. */
  DELTA_DECAY_BIAS(WeightClass.ATTENTION),
  /** Norm of each value head's output. */
  DELTA_NORM(WeightClass.NORM),
  /** From the delta rule's output to the residual stream. */
  DELTA_OUTPUT(WeightClass.ATTENTION),

  /** Router, {@code [experts, hidden]}. */
  ROUTER(WeightClass.ROUTER),
  /** Added to the router's logits, {@code [experts]}. */
  ROUTER_BIAS(WeightClass.ROUTER),
  /** Added to the scores for the choice alone, {@code [experts]}. */
  CHOICE_BIAS(WeightClass.ROUTER),
  /** Gate of the shared expert, {@code [1, hidden]}. */
  SHARED_ROUTER(WeightClass.ROUTER),
  /** Biases of the experts' gate projections, {@code [experts, intermediate]}. */
  EXPERT_GATE_BIAS(WeightClass.FEED_FORWARD),
  /** Biases of their up projections, {@code [experts, intermediate]}. */
  EXPERT_UP_BIAS(WeightClass.FEED_FORWARD),
  /** Biases of their down projections, {@code [experts, hidden]}. */
  EXPERT_DOWN_BIAS(WeightClass.FEED_FORWARD);

  private final WeightClass weightClass;

  Weight(WeightClass weightClass) {
    this.weightClass = weightClass;
  }

  /** What it is for. */
  public WeightClass weightClass() {
    return weightClass;
  }
}
