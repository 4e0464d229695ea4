package dev.drey.operators.testing;

import dev.drey.operators.slot.EngineIdentity;
import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.operators.slot.SlotKey;
import dev.drey.operators.slot.SlotLease;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Toy engines of a world, one per slot, closed with the last share. */
public final class ToyEngines implements SlotEngines {
  /** The identity unless a test wants another. */
  static final EngineIdentity IDENTITY = new EngineIdentity("toy", "digest-1", "f32", "toy-isa");

  private final String world;
  private final List<String> identity;
  private final int capacity;
  private final int poolTokens;

  ToyEngines(String world, EngineIdentity identity, int capacity, int poolTokens) {
    this.world = world;
    this.identity =
        List.of(
            identity.model(),
            identity.modelDigest(),
            identity.computeType(),
            identity.numericFingerprint());
    this.capacity = capacity;
    this.poolTokens = poolTokens;
  }

  /** The same with another identity. */
  public ToyEngines with(EngineIdentity other) {
    return new ToyEngines(world, other, capacity, poolTokens);
  }

  /** The same with another number of sequences at a time and another pool. */
  public ToyEngines with(int sequences, int tokens) {
    return new ToyEngines(world, identity(), sequences, tokens);
  }

  /** An engine outside any job. */
  public SlotEngine single() {
    return new ToyEngine(ToyWorld.named(world), this, 0);
  }

  EngineIdentity identity() {
    return new EngineIdentity(identity.get(0), identity.get(1), identity.get(2), identity.get(3));
  }

  int capacity() {
    return capacity;
  }

  int poolTokens() {
    return poolTokens;
  }

  @Override
  public SlotLease acquire(SlotKey slot) {
    ToyWorld in = ToyWorld.named(world);
    ToyEngine engine = in.share(slot, this);
    AtomicBoolean closed = new AtomicBoolean();
    return new SlotLease() {
      @Override
      public SlotEngine engine() {
        return engine;
      }

      @Override
      public void close() {
        if (closed.compareAndSet(false, true)) {
          in.giveBack(slot);
        }
      }
    };
  }
}
