package dev.drey.runtime.expertstore;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.model.ExpertId;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How any expert of a source gets into a slot: so many blocks, each read into staging memory and
 * copied from there. The same blocks for every expert. Thread-safe.
 */
public interface ExpertBlocks {
  /** Number of blocks, at least 1. */
  int count();

  /** Bytes of a block in staging memory. */
  int bytes(int block);

  /**
   * Reads a block.
   *
   * @param staging receives exactly {@link #bytes} bytes, all that remains in it
   * @throws IOException if the storage fails or what it gives is not what was stored; the message
   *     names the expert and the file
   */
  void read(ExpertId expert, int block, ByteBuffer staging) throws IOException;

  /**
   * Where in the slot a block belongs, if it lies there as it is read; negative if it has to be
   * copied, because that packs it or leaves something out.
   */
  default long place(int block) {
    return -1;
  }

  /**
   * Issues the copy of a block that was read.
   *
   * @param offset first byte of the block in {@code staging}
   */
  void copy(int block, HostBuffer staging, int offset, CopyStream stream, Expert target);

  /** Begins to bring an expert into a slot. */
  default ExpertFetch fetch(ExpertId expert) {
    return new ExpertFetch() {
      @Override
      public void read(int block, ByteBuffer staging) throws IOException {
        ExpertBlocks.this.read(expert, block, staging);
      }

      @Override
      public void copy(
          int block, HostBuffer staging, int offset, CopyStream stream, Expert target) {
        ExpertBlocks.this.copy(block, staging, offset, stream, target);
      }

      @Override
      public void end(DeviceEvent copied) {}
    };
  }

  /** Bytes that are read for a whole expert. */
  default long totalBytes() {
    long total = 0;
    for (int block = 0; block < count(); block++) {
      total += bytes(block);
    }
    return total;
  }

  /** Bytes of the largest block. */
  default int largest() {
    int largest = 0;
    for (int block = 0; block < count(); block++) {
      largest = Math.max(largest, bytes(block));
    }
    return largest;
  }
}
