package dev.drey.runtime.expertstore;

import dev.drey.runtime.device.ExpertLayout;

/** Where experts come from: the tier below the device. Thread-safe; reads may wait for a disk. */
public interface ExpertSource extends AutoCloseable {
  /** Decoder layers, dense ones included; ids have layers below this. */
  int layers();

  /** Experts per layer; ids have indexes below this. */
  int experts();

  /**
   * The way of an expert into a slot, in blocks.
   *
   * @param layout of the slot
   * @throws dev.drey.runtime.safetensors.ModelFileException if what is stored does not fit it
   */
  ExpertBlocks blocks(ExpertLayout layout);

  /** Releases what the source itself has opened. */
  @Override
  default void close() {}
}
