package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * No cache: an expert is loaded, used and dropped. The window serves only to bring the experts of
 * one layer in while others of that layer compute, as in OD-MoE (arXiv 2512.03927, section 3.2) and
 * Klotski (arXiv 2502.06888); without a predictor this is plain loading on demand, the baseline of
 * the benchmarks.
 */
public final class DropPolicy implements CachePolicy {
  @Override
  public String name() {
    return "cacheless.load-use-drop";
  }

  @Override
  public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {}

  @Override
  public void onInsert(ExpertId expert) {}

  @Override
  public void onEvict(ExpertId expert) {}

  /** The lowest: within a demand whatever has been used is as good as gone. */
  @Override
  public @Nullable ExpertId victim(
      ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    return candidates.isEmpty() ? null : candidates.iterator().next();
  }

  @Override
  public boolean keepsUsed() {
    return false;
  }
}
