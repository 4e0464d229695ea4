package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Collection;

/**
 * A least-recently-used cache for every layer, all of one size, as in Eliseev and Mazur, "Fast
 * Inference of Mixture-of-Experts Language Models with Offloading" (arXiv 2312.17238), and ProMoE
 * (arXiv 2410.22134).
 */
final class LayerLruPolicy extends QuotaPolicy {
  private final RecencyLists recency;

  LayerLruPolicy(CacheShape shape) {
    this(shape, LayerQuotas.even(shape));
  }

  LayerLruPolicy(CacheShape shape, int[] quotas) {
    super("classic.layer-lru", shape, quotas);
    recency = new RecencyLists(table.size(), table.layers());
  }

  @Override
  void hit(int expert) {
    recency.append(table.layerOf(expert), expert);
  }

  @Override
  void missed(int expert) {}

  @Override
  void abandoned(int expert) {}

  @Override
  void inserted(int expert, boolean byDemand) {
    recency.append(table.layerOf(expert), expert);
  }

  @Override
  void evicted(int expert) {
    recency.remove(expert);
  }

  @Override
  int pick(int layer, Collection<ExpertId> candidates) {
    return firstCandidate(recency, layer, candidates);
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    super.write(out);
    recency.write(out);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    super.read(in);
    recency.read(in);
  }
}
