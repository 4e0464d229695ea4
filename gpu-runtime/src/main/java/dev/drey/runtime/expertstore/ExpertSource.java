package dev.drey.runtime.expertstore;

import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.NetworkPart;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where experts come from: the tier below the device. Thread-safe; reads may wait for a disk. */
public interface ExpertSource {
  /** Decoder layers, dense ones included; ids have layers below this. */
  int layers();

  /** Experts per layer; ids have indexes below this. */
  int experts();

  /** Element type in which blocks are delivered. */
  DType type();

  /**
   * Reads whole output rows of one matrix, row-major.
   *
   * @param firstOutputRow first row wanted
   * @param rows number of rows
   * @param target receives {@code rows * inputs * type().bytes()} bytes, exactly what remains in it
   * @throws IOException if the storage fails; the message names the expert and the file
   */
  void readBlock(ExpertId expert, NetworkPart part, int firstOutputRow, int rows, ByteBuffer target)
      throws IOException;
}
