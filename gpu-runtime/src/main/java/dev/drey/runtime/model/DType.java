package dev.drey.runtime.model;

/** Element type of a stored tensor, by its safetensors name. */
public enum DType {
  F32(4),
  BF16(2),
  F16(2),
  F8_E4M3(1),
  U8(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
