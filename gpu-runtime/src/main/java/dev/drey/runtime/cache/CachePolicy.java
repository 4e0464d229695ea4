package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.Collection;

/**
 * Chooses which resident expert leaves when a slot is needed. It is told what happens and asked for
 * victims; it moves nothing. Every method is called under the residency window's lock, in one total
 * order, with no clock: the same calls give the same victims.
 */
public interface CachePolicy {
  /** Name for configuration and reports, {@code family.name}. */
  String name();

  /**
   * One layer's router has chosen. The set is one atomic access: no member may be evicted before it
   * has been used.
   *
   * @param step forward pass, from 0
   * @param layer decoder layer
   * @param experts the union over all tokens of the batch group, in rising order
   */
  void onDemand(long step, int layer, Collection<ExpertId> experts);

  /** An expert became resident. */
  void onInsert(ExpertId expert);

  /** An expert left the window. */
  void onEvict(ExpertId expert);

  /**
   * Picks a victim.
   *
   * @param candidates resident, unleased and unprotected experts in rising order; never empty
   * @return one of them
   */
  ExpertId victim(Collection<ExpertId> candidates);

  /**
   * Whether an expert stays in the window when the demand that used it has ended. If not, the
   * window evicts at the end of each demand every expert that no prediction is waiting for.
   */
  default boolean keepsUsed() {
    return true;
  }
}
