package dev.drey.runtime.cache;

import static dev.drey.runtime.cache.ExpertTable.NONE;

import dev.drey.runtime.model.ExpertId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all policies with a memory share: experts by number, which of them are resident (in a slot,
 * or on their way into one), where the forward pass is, and the frame of snapshots. Layers are
 * known by their place (see {@link ExpertTable}).
 */
abstract class TablePolicy implements CachePolicy {
  private static final int VERSION = 1;

  final ExpertTable table;
  private final String name;
  private final boolean[] resident;
  private final int[] residents;
  private final int[] members;
  private long step = -1;
  private long passes;
  private long demands;
  private int now;

  TablePolicy(String name, CacheShape shape) {
    this.name = name;
    this.table = new ExpertTable(shape);
    this.resident = new boolean[table.size()];
    this.residents = new int[table.layers()];
    this.members = new int[table.perLayer()];
    this.now = table.layers() - 1;
  }

  @Override
  public final String name() {
    return name;
  }

  // -- events

  @Override
  public final void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
    int place = table.place(layer);
    for (int i = 0; i < experts.size(); i++) {
      members[i] = table.number(experts.get(i));
    }
    if (this.step != step || place <= now) {
      passes++;
    }
    this.step = step;
    demands++;
    now = place;
    demanded(place, members, experts.size(), tokens);
  }

  /**
   * A layer is demanded; {@link #now()} is that layer already.
   *
   * @param experts the members' numbers, rising
   * @param count how many of them count
   * @param tokens how many tokens chose each
   */
  abstract void demanded(int layer, int[] experts, int count, int[] tokens);

  @Override
  public final void onInsert(ExpertId expert) {
    insert(table.number(expert));
  }

  private void insert(int expert) {
    resident[expert] = true;
    residents[table.layerOf(expert)]++;
    inserted(expert);
  }

  /** An expert has been given a slot; {@link #isResident} knows already. */
  abstract void inserted(int expert);

  @Override
  public final void onEvict(ExpertId expert) {
    evict(table.number(expert));
  }

  private void evict(int expert) {
    resident[expert] = false;
    residents[table.layerOf(expert)]--;
    evicted(expert);
  }

  /** An expert has left; {@link #isResident} knows already. */
  abstract void evicted(int expert);

  // -- the window

  final boolean isResident(int expert) {
    return resident[expert];
  }

  /** Resident experts of a layer. */
  final int residents(int layer) {
    return residents[layer];
  }

  /** An expert by its number; null for NONE. */
  final @Nullable ExpertId idOrNull(int expert) {
    return expert == NONE ? null : table.id(expert);
  }

  // -- the pass

  /** The layer demanded last; before the first demand the last layer. */
  final int now() {
    return now;
  }

  /** Demands heard of since this object was made. */
  final long demands() {
    return demands;
  }

  /** Passes begun so far, the present one included. */
  final long passes() {
    return passes;
  }

  /**
   * Layers until an expert of this layer can be needed again: 1 for the next layer, all layers for
   * the one demanded last.
   */
  final int ahead(int layer) {
    int ahead = layer - now;
    return ahead > 0 ? ahead : ahead + table.layers();
  }

  /** The layer so many layers ahead. */
  final int layerAhead(int ahead) {
    int layer = now + ahead;
    return layer < table.layers() ? layer : layer - table.layers();
  }

  // -- snapshots

  /** Writes what this policy remembers besides residents and position. */
  abstract void write(DataOutputStream out) throws IOException;

  /** Reads what {@link #write} wrote. */
  abstract void read(DataInputStream in) throws IOException;

  private SnapshotFormat format() {
    return new SnapshotFormat(name, VERSION, table.shape().toString());
  }

  @Override
  public final byte[] snapshot() {
    return format()
        .write(
            out -> {
              out.writeLong(step);
              out.writeLong(passes);
              out.writeInt(now);
              SnapshotFormat.writeAll(out, resident);
              write(out);
            });
  }

  @Override
  public final void restore(byte[] snapshot, Collection<ExpertId> resident) {
    format()
        .read(
            snapshot,
            in -> {
              step = in.readLong();
              passes = in.readLong();
              now = in.readInt();
              SnapshotFormat.readAll(in, this.resident);
              count();
              read(in);
            });
    BitSet present = new BitSet();
    resident.forEach(expert -> present.set(table.number(expert)));
    for (int expert = 0; expert < table.size(); expert++) {
      if (this.resident[expert] && !present.get(expert)) {
        evict(expert);
      } else if (!this.resident[expert] && present.get(expert)) {
        insert(expert);
      }
    }
  }

  private void count() {
    Arrays.fill(residents, 0);
    for (int expert = 0; expert < table.size(); expert++) {
      residents[table.layerOf(expert)] += resident[expert] ? 1 : 0;
    }
  }

  /** The longest untouched candidate of a list; NONE if it has none. */
  final int firstCandidate(RecencyLists lists, int list, Collection<ExpertId> candidates) {
    int expert = lists.first(list);
    while (expert != NONE && !candidates.contains(table.id(expert))) {
      expert = lists.after(expert);
    }
    return expert;
  }
}
