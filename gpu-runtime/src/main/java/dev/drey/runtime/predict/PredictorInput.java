package dev.drey.runtime.predict;

/** What a predictor has to be given; whoever calls it provides no more than it reads. */
public enum PredictorInput {
  /** The true routing of every layer, row by row; a trace holds it, so a simulation has it too. */
  ROUTING,
  /** The token id of every row; not in traces. */
  TOKENS,
  /** Later layers' routers, applied to this layer's router input; not in traces. */
  GATES,
  /** The router input itself; not in traces. */
  ROUTER_INPUT,
  /** What a shadow model's routers chose, see {@link ShadowRouting}; not in traces. */
  SHADOW
}
