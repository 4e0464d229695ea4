package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Evicts what will be demanded latest: the fewest misses any policy can have, and so the bound the
 * others are measured against. It must know the future and therefore exists in simulations only.
 *
 * <p>Demands are whole sets: an expert's next use is the next demand after the present one that
 * names it. A caller that can use an expert without keeping it offers the incoming one, or what the
 * present demand has used, among the candidates and gets the bound with bypass; one that cannot,
 * gets that of forced admission.
 *
 * <p>Belady, "A study of replacement algorithms for a virtual-storage computer" (1966).
 */
public final class BeladyPolicy extends ScoredPolicy {
  private final DemandSequence future;
  private int demands;

  /**
   * A policy at the start of a sequence.
   *
   * @param future what will be demanded, for a model of the same layers and experts
   */
  public BeladyPolicy(CacheShape shape, DemandSequence future) {
    super("offline.belady", shape);
    future.requireFits(shape);
    this.future = future;
    for (int expert = 0; expert < table.size(); expert++) {
      keys[expert] = -(double) future.firstUse(expert);
    }
  }

  /**
   * The next demand of the sequence.
   *
   * @throws IllegalStateException if it is another one
   */
  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    if (demands == future.size()) {
      throw new IllegalStateException("the future ends after " + demands + " demands");
    }
    int start = future.start(demands);
    if (!Arrays.equals(experts, 0, count, future.experts(), start, future.start(demands + 1))) {
      throw new IllegalStateException(
          "demand %d of layer %d is not the one foretold: expected experts %s, found %s"
              .formatted(
                  demands,
                  table.shape().layers().get(layer),
                  ids(future.experts(), start, future.start(demands + 1)),
                  ids(experts, 0, count)));
    }
    for (int i = 0; i < count; i++) {
      keys[experts[i]] = -(double) future.nextUse(start + i);
    }
    demands++;
    changed(layer);
  }

  private String ids(int[] experts, int from, int to) {
    return Arrays.stream(experts, from, to).mapToObj(table::id).toList().toString();
  }

  @Override
  double score(int layer, double key) {
    return key;
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    super.write(out);
    out.writeInt(demands);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    super.read(in);
    demands = in.readInt();
  }
}
