package dev.drey.runtime.kvcache;

import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;

/** A store without memory that knows whether it was closed. */
public final class FakeKvStore implements KvStore {
  private final KvShape shape;
  private final int blocks;
  private int closes;

  public FakeKvStore(int blocks, int blockTokens) {
    this.shape = new KvShape(1, 1, 1, 1, blockTokens);
    this.blocks = blocks;
  }

  public int closes() {
    return closes;
  }

  @Override
  public KvShape shape() {
    return shape;
  }

  @Override
  public int blocks() {
    return blocks;
  }

  @Override
  public void close() {
    closes++;
  }
}
