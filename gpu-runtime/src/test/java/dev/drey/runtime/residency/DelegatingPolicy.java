package dev.drey.runtime.residency;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.model.ExpertId;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
  public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
    other.onDemand(step, layer, experts, tokens);
  }

  @Override
  public void onPrediction(long step, int issuedAtLayer, ExpertId expert, float score) {
    other.onPrediction(step, issuedAtLayer, expert, score);
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
  public @Nullable ExpertId victim(
      ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    return other.victim(incoming, candidates, must);
  }
}
