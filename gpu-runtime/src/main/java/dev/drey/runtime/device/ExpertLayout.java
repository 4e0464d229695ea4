package dev.drey.runtime.device;

/**
 * How a device stores one SwiGLU expert in a slot: gate, up and down projection one behind the
 * other.
 */
public record ExpertLayout(MatrixLayout gate, MatrixLayout up, MatrixLayout down) {
  /** Offset of the up projection in the slot, in bytes. */
  public long upOffset() {
    return gate.bytes();
  }

  /** Offset of the down projection in the slot, in bytes. */
  public long downOffset() {
    return gate.bytes() + up.bytes();
  }

  /** Bytes of the whole expert. */
  public long bytes() {
    return gate.bytes() + up.bytes() + down.bytes();
  }
}
