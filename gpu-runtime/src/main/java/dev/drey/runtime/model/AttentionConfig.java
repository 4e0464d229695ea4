package dev.drey.runtime.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the rows of one decoder layer learn of each other. */
public sealed interface AttentionConfig
    permits GroupedQueryAttention, LatentAttention, GatedDeltaRule {

  /** Key/value heads in the paged pool; 0 if the layer keeps nothing there. */
  int kvHeads();

  /** Width of a stored key. */
  int keyDim();

  /** Width of a stored value. */
  int valueDim();

  /** Position embedding of queries and keys; null for none. */
  @Nullable RotaryConfig rotary();

  /** Always-resident weights. */
  List<WeightShape> weights(int hidden);
}
