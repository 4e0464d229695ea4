package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A policy that keeps a chosen set as long as it can, and ranks only what passes through. Whatever
 * is in the set must score above all that is not.
 */
abstract class PinnedPolicy extends ScoredPolicy {
  private final boolean[] pinned;

  PinnedPolicy(String name, CacheShape shape) {
    super(name, shape);
    pinned = new boolean[table.size()];
  }

  final boolean isPinned(int expert) {
    return pinned[expert];
  }

  /** Adds an expert to the set, or takes it out. */
  final void pin(int expert, boolean pin) {
    if (pinned[expert] != pin) {
      pinned[expert] = pin;
      changed(table.layerOf(expert));
    }
  }

  /** Experts that may be in the set. */
  final int mostPinned() {
    CacheShape shape = table.shape();
    return shape.slots() - shape.passingSlots();
  }

  @Override
  final boolean spares(int victim) {
    return pinned[victim];
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    super.write(out);
    SnapshotFormat.writeAll(out, pinned);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    super.read(in);
    SnapshotFormat.readAll(in, pinned);
  }
}
