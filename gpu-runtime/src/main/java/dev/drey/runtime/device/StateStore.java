package dev.drey.runtime.device;

/**
 * Recurrent state of linear-attention layers: float32 numbers per sequence slot and layer. Opaque
 * to everyone but the device. A sequence's first token (position 0) starts from zeros, whatever the
 * slot held.
 */
public interface StateStore extends AutoCloseable {
  /** Layers with state. */
  int layers();

  /** Sequences it has room for. */
  int slots();

  /** Numbers per slot and layer. */
  int numbers();

  /** Frees the memory and gives the reservation back. Closing twice is harmless. */
  @Override
  void close();
}
