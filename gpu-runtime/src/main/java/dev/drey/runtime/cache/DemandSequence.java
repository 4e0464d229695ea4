package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.Arrays;
import java.util.List;

/**
 * Demands in order, each a set of experts of one layer, with the next use of every member. Shared
 * by any number of policies. Takes 8 bytes per member and 4 per demand.
 */
public final class DemandSequence {
  /** Stands for a use that never comes; later than any other. */
  static final int NEVER = Integer.MAX_VALUE;

  private final CacheShape shape;
  private final int[] starts;
  private final int[] experts;
  private final int[] nextUses;
  private final int[] firstUses;

  private DemandSequence(CacheShape shape, int[] starts, int[] experts) {
    this.shape = shape;
    this.starts = starts;
    this.experts = experts;
    this.nextUses = new int[experts.length];
    this.firstUses = new int[shape.totalExperts()];
    Arrays.fill(firstUses, NEVER);
    for (int demand = starts.length - 2; demand >= 0; demand--) {
      for (int i = starts[demand]; i < starts[demand + 1]; i++) {
        nextUses[i] = firstUses[experts[i]];
        firstUses[experts[i]] = demand;
      }
    }
  }

  /** Collects demands in their order. */
  public static final class Builder {
    private final ExpertTable table;
    private int[] starts = new int[64];
    private int[] experts = new int[512];
    private int demands;

    /** A sequence for models of this shape, whatever the number of slots. */
    public Builder(CacheShape shape) {
      table = new ExpertTable(shape);
    }

    /**
     * Adds a demand.
     *
     * @param members experts of one layer in rising order
     */
    public Builder add(List<ExpertId> members) {
      int from = starts[demands];
      int to = from + members.size();
      if (demands + 1 == starts.length) {
        starts = Arrays.copyOf(starts, 2 * starts.length);
      }
      if (to > experts.length) {
        experts = Arrays.copyOf(experts, Math.max(to, 2 * experts.length));
      }
      for (int i = 0; i < members.size(); i++) {
        experts[from + i] = table.number(members.get(i));
      }
      starts[++demands] = to;
      return this;
    }

    /** The sequence of what was added. */
    public DemandSequence build() {
      return new DemandSequence(
          table.shape(),
          Arrays.copyOf(starts, demands + 1),
          Arrays.copyOf(experts, starts[demands]));
    }
  }

  /** Number of demands. */
  public int size() {
    return starts.length - 1;
  }

  void requireFits(CacheShape other) {
    if (!shape.layers().equals(other.layers()) || shape.experts() != other.experts()) {
      throw new IllegalArgumentException(
          "demands of a model of %d layers with %d experts cannot foretell those of %s"
              .formatted(shape.layers().size(), shape.experts(), other));
    }
  }

  /** Index of a demand's first member; that of the demand behind the last is the end. */
  int start(int demand) {
    return starts[demand];
  }

  /** Numbers of the members of all demands, one demand after the other. */
  int[] experts() {
    return experts;
  }

  /** The demand after its own that names the same expert as this member. */
  int nextUse(int member) {
    return nextUses[member];
  }

  /** The first demand that names an expert. */
  int firstUse(int expert) {
    return firstUses[expert];
  }
}
