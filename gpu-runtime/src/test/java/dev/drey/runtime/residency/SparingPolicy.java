package dev.drey.runtime.residency;

import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.model.ExpertId;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/** Least recently used, but certain experts leave only when they must. */
class SparingPolicy extends DelegatingPolicy {
  private final BiPredicate<ExpertId, ExpertId> spares;

  /**
   * @param spares whether the first stays when the second comes
   */
  SparingPolicy(BiPredicate<ExpertId, ExpertId> spares) {
    super(new LruPolicy(WindowRig.SHAPE));
    this.spares = spares;
  }

  @Override
  public @Nullable ExpertId victim(
      ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    List<ExpertId> unspared = candidates.stream().filter(e -> !spares.test(e, incoming)).toList();
    ExpertId willingly = super.victim(incoming, unspared, must);
    return willingly == null && must ? super.victim(incoming, candidates, true) : willingly;
  }
}
