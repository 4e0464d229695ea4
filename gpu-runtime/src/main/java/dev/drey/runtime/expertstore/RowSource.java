package dev.drey.runtime.expertstore;

import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.NetworkPart;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A source that gives output rows, which are packed for the device when they are copied. */
public interface RowSource extends ExpertSource {
  /** Element type in which rows are delivered. */
  DType type();

  /**
   * Reads whole output rows of one matrix, row-major.
   *
   * @param firstOutputRow first row wanted
   * @param rows number of rows
   * @param target receives {@code rows * inputs * type().bytes()} bytes, exactly what remains in it
   * @throws IOException if the storage fails; the message names the expert and the file
   */
  void readRows(ExpertId expert, NetworkPart part, int firstOutputRow, int rows, ByteBuffer target)
      throws IOException;

  @Override
  default ExpertBlocks blocks(ExpertLayout layout) {
    return new RowBlocks(this, layout);
  }
}
