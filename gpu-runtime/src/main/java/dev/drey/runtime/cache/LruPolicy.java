package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Evicts what has not been demanded for longest, over all layers together. An expert that arrives
 * counts as demanded then; the members of one demand rank by index, the lower leaving first.
 *
 * <p>Known weakness: layers are visited in a circle, so a window smaller than one step's working
 * set has no hits at all under this policy.
 */
public final class LruPolicy implements CachePolicy {
  private final Map<ExpertId, Boolean> oldestFirst = new LinkedHashMap<>(64, 0.75f, true);

  @Override
  public String name() {
    return "classic.lru";
  }

  @Override
  public void onDemand(long step, int layer, Collection<ExpertId> experts) {
    experts.forEach(oldestFirst::get);
  }

  @Override
  public void onInsert(ExpertId expert) {
    oldestFirst.put(expert, Boolean.TRUE);
  }

  @Override
  public void onEvict(ExpertId expert) {
    oldestFirst.remove(expert);
  }

  @Override
  public ExpertId victim(Collection<ExpertId> candidates) {
    for (ExpertId expert : oldestFirst.keySet()) {
      if (candidates.contains(expert)) {
        return expert;
      }
    }
    throw new IllegalArgumentException(
        "no candidate is resident: " + candidates + "; resident are " + oldestFirst.keySet());
  }
}
