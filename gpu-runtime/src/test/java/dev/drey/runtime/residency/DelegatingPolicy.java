package dev.drey.runtime.residency;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.model.ExpertId;
import java.util.Collection;

/** Another policy, to be changed in one respect. */
abstract class DelegatingPolicy implements CachePolicy {
  private final CachePolicy other;

  DelegatingPolicy(CachePolicy other) {
    this.other = other;
  }

  @Override
  public String name() {
    return "test." + other.name();
  }

  @Override
  public void onDemand(long step, int layer, Collection<ExpertId> experts) {
    other.onDemand(step, layer, experts);
  }

  @Override
  public void onInsert(ExpertId expert) {
    other.onInsert(expert);
  }

  @Override
  public void onEvict(ExpertId expert) {
    other.onEvict(expert);
  }

  @Override
  public ExpertId victim(Collection<ExpertId> candidates) {
    return other.victim(candidates);
  }
}
