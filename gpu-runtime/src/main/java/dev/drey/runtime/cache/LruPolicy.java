package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Evicts what has not been demanded for longest, over all layers together. An expert counts as
 * demanded when it is given a slot, too; the members of one demand rank by index, the lower leaving
 * first.
 *
 * <p>Known weakness: layers are visited in a circle, so a window smaller than one step's working
 * set has no hits at all under this policy.
 */
public final class LruPolicy extends TablePolicy {
  private final RecencyLists recency;

  /** A policy that has seen nothing. */
  public LruPolicy(CacheShape shape) {
    super("classic.lru", shape);
    recency = new RecencyLists(table.size(), 1);
  }

  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    for (int i = 0; i < count; i++) {
      if (isResident(experts[i])) {
        recency.append(0, experts[i]);
      }
    }
  }

  @Override
  void inserted(int expert) {
    recency.append(0, expert);
  }

  @Override
  void evicted(int expert) {
    recency.remove(expert);
  }

  @Override
  public @Nullable ExpertId victim(
      ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    return idOrNull(firstCandidate(recency, 0, candidates));
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    recency.write(out);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    recency.read(in);
  }
}
