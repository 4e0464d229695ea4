package dev.drey.runtime.transfer;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Bytes to be moved into device memory, in blocks: the engine reads a block into staging memory,
 * then copies it from there, or reads it into its place at once where that can be done. Blocks are
 * moved in rising order, each exactly once, but not necessarily by one thread.
 *
 * <p>Exactly one of {@link #completed}, {@link #cancelled()} and {@link #failed} is called, once,
 * on an I/O thread (or on the thread that closes the engine), with no lock of the engine held. None
 * of them is called for a transfer that {@link TransferEngine#cancel} removed. They must not throw.
 */
public interface Transfer {
  /** What is moved, for messages. */
  String name();

  /** Number of blocks, at least 1. */
  int blocks();

  /** Bytes of a block in staging memory. */
  int blockBytes(int block);

  /**
   * The place of a block in the target, if it lies there just as it is read and the host can write
   * there. May wait until it may be written.
   *
   * @return exactly {@link #blockBytes} bytes remain; null if the block goes through staging memory
   */
  default @Nullable ByteBuffer place(int block) {
    return null;
  }

  /**
   * Fills {@code staging}, or the block's {@link #place}, with a block. An {@link IOException} is
   * retried, and so is a read that leaves room.
   *
   * @param staging exactly {@link #blockBytes} bytes remain
   */
  void read(int block, ByteBuffer staging) throws IOException;

  /**
   * Issues the copy of a block that was read into staging memory. May wait until the target may be
   * written.
   *
   * @param offset first byte of the block in {@code staging}
   */
  void copy(int block, HostBuffer staging, int offset, CopyStream stream);

  /**
   * The last copy has been issued.
   *
   * @param copied every byte is in device memory once this point is reached; until then {@link
   *     #copy}'s source must stay as it is, if that was not staging memory
   */
  void completed(DeviceEvent copied);

  /** The engine stopped before the last block; nothing writes the target any more. */
  void cancelled();

  /** A block could not be moved; nothing writes the target any more. */
  void failed(Throwable cause);
}
