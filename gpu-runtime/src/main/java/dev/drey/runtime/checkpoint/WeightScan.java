package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads every weight once, for the checks that a checkpoint makes of what is read from it. */
public final class WeightScan {
  /** A multiple of every element size. */
  private static final int CHUNK_BYTES = 4 << 20;

  private WeightScan() {}

  /**
   * Reads all tensors.
   *
   * @return their bytes
   * @throws IOException if a file cannot be read
   * @throws dev.drey.runtime.safetensors.ModelFileException if a file has changed since it was
   *     opened, or a check that was asked for fails
   */
  public static long read(Checkpoint checkpoint) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    long bytes = 0;
    for (TensorRegion tensor : checkpoint.tensors()) {
      for (long at = 0; at < tensor.bytes(); at += chunk.limit()) {
        chunk.clear().limit((int) Math.min(CHUNK_BYTES, tensor.bytes() - at));
        checkpoint.read(tensor, at, chunk);
      }
      bytes += tensor.bytes();
    }
    return bytes;
  }
}
