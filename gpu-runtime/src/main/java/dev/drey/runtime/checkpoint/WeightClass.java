package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.DType;
import java.util.Set;

/** What a weight is for, and thereby the element types it may be stored in. */
public enum WeightClass {
  /** Token embeddings; also the output projection where the two are tied. */
  EMBEDDING(false),
  /** Query, key, value and output projections. */
  ATTENTION(false),
  /** Scales of RMS norms. */
  NORM(true),
  /** Router projections. */
  ROUTER(true),
  /** Routed experts. */
  EXPERT(false),
  /** Feed-forward networks of layers without experts. */
  FEED_FORWARD(false),
  /** Output projection of its own. */
  OUTPUT(false);

  private final boolean mayBeF32;

  WeightClass(boolean mayBeF32) {
    this.mayBeF32 = mayBeF32;
  }

  /** Element types that the engine takes. */
  public Set<DType> types() {
    return mayBeF32 ? Set.of(DType.BF16, DType.F32) : Set.of(DType.BF16);
  }
}
