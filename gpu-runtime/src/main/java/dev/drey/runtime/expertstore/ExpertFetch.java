package dev.drey.runtime.expertstore;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.HostBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One expert on its way into one slot, block by block in rising order, by one thread at a time.
 * Between its first block and {@link #end} a source may keep for it what it is read from.
 */
public interface ExpertFetch {
  /**
   * Makes a block ready to be copied.
   *
   * @param staging exactly {@link ExpertBlocks#bytes} bytes remain; none do afterwards, whether the
   *     block was read into them or is copied from elsewhere
   * @throws IOException see {@link ExpertBlocks#read}; the block may be read again
   */
  void read(int block, ByteBuffer staging) throws IOException;

  /**
   * Issues the copy of a block that was made ready.
   *
   * @param offset first byte of the block in {@code staging}
   */
  void copy(int block, HostBuffer staging, int offset, CopyStream stream, Expert target);

  /**
   * Ends the fetch, complete or not. Called once, by any thread.
   *
   * @param copied the point from which on no copy reads any more
   */
  void end(DeviceEvent copied);
}
