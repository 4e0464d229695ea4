package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;

/**
 * A tile of activations in scratch memory.
 *
 * @param address of its first byte
 * @param bytes the same from Java
 * @param numbers the same as numbers
 */
record Tile(long address, ByteBuffer bytes, NumberView numbers) {
  static Tile of(Scratch.Part part, DType activation) {
    return new Tile(part.address(), part.bytes(), NumberView.of(part, activation));
  }
}
