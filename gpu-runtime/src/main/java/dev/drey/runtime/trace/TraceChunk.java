package dev.drey.runtime.trace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/** One chunk being filled: its header's room, then events. Reused. Not thread-safe. */
final class TraceChunk {
  private final byte[] bytes;
  private int used;
  private int events;
  private long baseNanos;
  private long lastNanos;
  private long droppedBefore;

  /**
   * @param payloadBytes room for events
   */
  TraceChunk(int payloadBytes) {
    bytes = new byte[TraceFormat.CHUNK_HEADER_BYTES + payloadBytes];
    used = TraceFormat.CHUNK_HEADER_BYTES;
  }

  /** Empties the chunk. */
  void reset(long nanos, long dropped) {
    used = TraceFormat.CHUNK_HEADER_BYTES;
    events = 0;
    baseNanos = nanos;
    lastNanos = nanos;
    droppedBefore = dropped;
  }

  boolean hasRoomFor(int eventBytes) {
    return bytes.length - used >= eventBytes;
  }

  int events() {
    return events;
  }

  long lastNanos() {
    return lastNanos;
  }

  /** Begins an event; times that fall a little behind are moved up to the event before. */
  void begin(int kind, long nanos) {
    events++;
    bytes[used++] = (byte) kind;
    putNumber(Math.max(0, nanos - lastNanos));
    lastNanos = Math.max(lastNanos, nanos);
  }

  void putByte(int value) {
    bytes[used++] = (byte) value;
  }

  /** A number in groups of seven bits, lowest first; not negative. */
  void putNumber(long value) {
    long rest = value;
    while (rest >= 0x80) {
      bytes[used++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[used++] = (byte) rest;
  }

  /** The upper half of a float32. */
  void putHalfFloat(float value) {
    int upper = RecordedWeight.bits(value);
    bytes[used++] = (byte) upper;
    bytes[used++] = (byte) (upper >>> 8);
  }

  void putFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      bytes[used++] = (byte) (bits >>> shift);
    }
  }

  /** Completes the header; the whole chunk as it goes to the file. */
  ByteBuffer seal() {
    ByteBuffer chunk = ByteBuffer.wrap(bytes, 0, used).order(ByteOrder.LITTLE_ENDIAN);
    chunk.putInt(0, TraceFormat.CHUNK_MAGIC);
    chunk.putInt(4, used - TraceFormat.CHUNK_HEADER_BYTES);
    chunk.putInt(8, events);
    chunk.putLong(12, baseNanos);
    chunk.putLong(20, droppedBefore);
    chunk.putInt(28, checksum(chunk.array(), used));
    return chunk;
  }

  /** CRC-32 of a chunk, its checksum field left out. */
  static int checksum(byte[] chunk, int length) {
    CRC32 crc = new CRC32();
    crc.update(chunk, 0, TraceFormat.CHUNK_HEADER_BYTES - Integer.BYTES);
    crc.update(chunk, TraceFormat.CHUNK_HEADER_BYTES, length - TraceFormat.CHUNK_HEADER_BYTES);
    return (int) crc.getValue();
  }
}
