package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceEvent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * Small arrays on their way from the host to kernels: token ids, tiles, block tables, addresses of
 * weights.
 *
 * <p>A ring of two halves in pinned memory, with its image on the GPU. What is put is written to
 * the pinned half and copied when {@link #flush} is called, so that all tables of an operation
 * travel in one copy. When a half is full the other is taken: its pinned bytes may be overwritten
 * once the copies out of it are done (a point in the stream), its bytes on the GPU at once, because
 * copies and kernels keep their order. So a table stays valid until one whole half has been filled
 * after it; an operation may put at most half a ring.
 *
 * <p>Tables that come again (the tiles of so many rows, the addresses of a layer's weights) are
 * known by their content and are not copied again while their half is the present one.
 */
final class Tables {
  private static final int ALIGNMENT = 16;

  private final CommandQueue queue;
  private final PinnedArea host;
  private final ByteBuffer view;
  private final long device;
  private final int halfBytes;
  private final ByteBuffer scratch;
  private final Map<ByteBuffer, Long> known = new HashMap<>();
  private final DeviceEvent[] left = {DeviceEvent.REACHED, DeviceEvent.REACHED};
  private int half;
  private int flushed;
  private int head;

  /**
   * @param host pinned memory of two halves
   * @param device address of as much memory on the GPU
   */
  Tables(CommandQueue queue, PinnedArea host, long device) {
    this.queue = queue;
    this.host = host;
    this.view = host.view();
    this.device = device;
    this.halfBytes = host.bytes() / 2;
    this.scratch = ByteBuffer.allocate(halfBytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** An empty little-endian buffer to write the next table into; there is only one. */
  ByteBuffer fresh() {
    return scratch.clear();
  }

  /** Most bytes that the tables of one operation may have, each rounded up to 16. */
  int capacity() {
    return halfBytes;
  }

  /** Puts what was written to {@link #fresh}; returns its address on the GPU. */
  long put() {
    scratch.flip();
    return put(scratch);
  }

  /** As {@link #put()}, for content that will come again. */
  long putKnown() {
    scratch.flip();
    Long address = known.get(scratch);
    if (address == null) {
      ByteBuffer key = ByteBuffer.allocate(scratch.remaining());
      key.put(scratch.duplicate()).flip();
      address = put(scratch);
      known.put(key, address);
    }
    return address;
  }

  /** Puts the first numbers of an array. */
  long put(int[] values, int count) {
    ByteBuffer target = fresh();
    for (int i = 0; i < count; i++) {
      target.putInt(values[i]);
    }
    return put();
  }

  /** Puts all of an array that will come again. */
  long putKnown(int[] values) {
    ByteBuffer target = fresh();
    for (int value : values) {
      target.putInt(value);
    }
    return putKnown();
  }

  /** Puts the first numbers of an array. */
  long put(float[] values, int count) {
    ByteBuffer target = fresh();
    for (int i = 0; i < count; i++) {
      target.putFloat(values[i]);
    }
    return put();
  }

  private long put(ByteBuffer content) {
    int bytes = content.remaining();
    int at = take(bytes);
    view.put(at, content, content.position(), bytes);
    return device + at;
  }

  /** Copies an array of any length to memory of the caller's, in pieces. */
  void copy(float[] values, int from, int count, long target) {
    int most = halfBytes / Float.BYTES;
    for (int done = 0; done < count; done += most) {
      int piece = Math.min(most, count - done);
      flush();
      int at = take(piece * Float.BYTES);
      view.slice(at, piece * Float.BYTES)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .put(values, from + done, piece);
      queue.copyToDevice(
          target + (long) done * Float.BYTES, host.at(at), (long) piece * Float.BYTES);
      flushed = head;
    }
  }

  /** Offset of so many bytes of the ring. */
  private int take(int bytes) {
    int aligned = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (aligned > halfBytes) {
      throw new IllegalArgumentException(
          "a table of %d bytes; this stream was opened for %d".formatted(bytes, halfBytes));
    }
    if (head + aligned > (half + 1) * halfBytes) {
      turn();
    }
    int at = head;
    head += aligned;
    return at;
  }

  private void turn() {
    flush();
    left[half] = queue.mark();
    half = 1 - half;
    left[half].await();
    head = half * halfBytes;
    flushed = head;
    known.clear();
  }

  /** Copies what has been put; before any launch that reads it. */
  void flush() {
    if (head > flushed) {
      queue.copyToDevice(device + flushed, host.at(flushed), head - flushed);
      flushed = head;
    }
  }
}
