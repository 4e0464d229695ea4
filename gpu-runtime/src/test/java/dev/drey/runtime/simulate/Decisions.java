package dev.drey.runtime.simulate;

import dev.drey.runtime.trace.DemandOutcome;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a window decided, in order, without times: found, evicted, loaded. */
final class Decisions implements TraceSink {
  final List<String> all = new ArrayList<>();

  @Override
  public void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] outcomes) {
    all.add(
        "step %d layer %d demands %s, found %s"
            .formatted(
                step,
                layer,
                Arrays.toString(Arrays.copyOf(experts, count)),
                Arrays.toString(Arrays.copyOf(outcomes, count))));
  }

  @Override
  public void evicted(long nanos, int layer, int expert, boolean unused) {
    all.add("evict L%d/E%d%s".formatted(layer, expert, unused ? ", unused" : ""));
  }

  @Override
  public void loadIssued(long nanos, long load, int layer, int expert, boolean prefetch) {
    all.add("%s L%d/E%d".formatted(prefetch ? "prefetch" : "load", layer, expert));
  }
}
