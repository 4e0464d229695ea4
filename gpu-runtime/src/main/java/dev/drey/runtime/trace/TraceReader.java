package dev.drey.runtime.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads a trace file, chunk by chunk, in memory that does not depend on the file's length.
 *
 * <p>Every byte is checked: sums, lengths, numbers of experts, totals. What is damaged, cut short
 * or not a trace is refused with the place, what was expected and what was found; events before
 * that place may have been delivered.
 */
@SuppressWarnings("ByteBufferBackingArray") // every buffer is a whole array
public final class TraceReader implements Closeable {
  private final Path file;
  private final FileChannel channel;
  private final TraceHeader header;
  private final TraceTotals totals;
  private final long firstChunk;
  private final long end;

  private TraceReader(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    byte[] json = readPreamble();
    this.firstChunk = (long) TraceFormat.PREAMBLE_BYTES + json.length;
    this.header = parse(json);
    this.end = channel.size() - TraceFormat.END_BYTES;
    this.totals = readTotals();
  }

  /**
   * Opens a file and reads what it is of.
   *
   * @throws TraceFileException if it is not a whole trace
   */
  public static TraceReader open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new TraceFileException(file, "there is no such file");
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new TraceReader(file, channel);
    } catch (IOException | RuntimeException e) {
      try {
        channel.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** What the trace was recorded of. */
  public TraceHeader header() {
    return header;
  }

  /** What the end of the file says. */
  public TraceTotals totals() {
    return totals;
  }

  private byte[] readPreamble() throws IOException {
    ByteBuffer preamble = read(0, TraceFormat.PREAMBLE_BYTES, "preamble");
    long magic = preamble.getLong();
    require(0, "first bytes", Long.toHexString(TraceFormat.MAGIC), Long.toHexString(magic));
    require(8, "version", TraceFormat.VERSION, preamble.getInt());
    int length = preamble.getInt();
    if (length < 2 || length > TraceFormat.MAX_HEADER_BYTES) {
      throw damaged(12, "header's length", "2 to " + TraceFormat.MAX_HEADER_BYTES, length);
    }
    int sum = preamble.getInt();
    byte[] json = read(TraceFormat.PREAMBLE_BYTES, length, "header").array();
    require(16, "checksum of the header", hex(TraceFile.checksum(json, length)), hex(sum));
    return json;
  }

  private TraceHeader parse(byte[] json) throws IOException {
    try {
      return TraceFile.HEADERS.readValue(json, TraceHeader.class);
    } catch (JsonProcessingException e) {
      throw damaged(TraceFormat.PREAMBLE_BYTES, "header", "a header", e.getOriginalMessage());
    }
  }

  private TraceTotals readTotals() throws IOException {
    if (end < firstChunk) {
      throw damaged(
          firstChunk, "end", "an end record of " + TraceFormat.END_BYTES + " bytes", left());
    }
    ByteBuffer record = read(end, TraceFormat.END_BYTES, "end record");
    if (record.getInt() != TraceFormat.END_MAGIC) {
      throw damaged(
          end,
          "end",
          "an end record",
          "none: the run that wrote it goes on, was killed, or ran out of disk");
    }
    TraceTotals found =
        new TraceTotals(record.getLong(), record.getLong(), record.getLong(), record.getLong());
    int checked = TraceFormat.END_BYTES - Integer.BYTES;
    int sum = TraceFile.checksum(record.array(), checked);
    require(end + checked, "checksum of the end record", hex(sum), hex(record.getInt()));
    return found;
  }

  private String left() throws IOException {
    return (channel.size() - firstChunk) + " bytes";
  }

  /**
   * Reads all events.
   *
   * @param sink is told of them in order
   * @throws TraceFileException if the file is damaged
   */
  public void read(TraceSink sink) throws IOException {
    EventDecoder decoder = new EventDecoder(file, header, sink);
    long offset = firstChunk;
    long chunks = 0;
    long events = 0;
    long dropped = 0;
    long nanos = 0;
    while (offset < end) {
      ByteBuffer chunk = readChunk(offset);
      int count = chunk.getInt(8);
      long base = chunk.getLong(12);
      long missing = chunk.getLong(20);
      if (base < nanos) {
        throw damaged(offset + 12, "time", "at least " + nanos, base);
      }
      if (missing < 0) {
        throw damaged(offset + 20, "events dropped", "0 or more", missing);
      }
      if (missing > 0) {
        sink.missing(base, missing);
      }
      nanos =
          decoder.decode(
              chunk.array(), TraceFormat.CHUNK_HEADER_BYTES, chunk.limit(), offset, count, base);
      chunks++;
      events += count;
      dropped += missing;
      offset += chunk.limit();
    }
    require(end + 4, "number of chunks", totals.chunks(), chunks);
    require(end + 12, "number of events", totals.events(), events);
    if (dropped > totals.dropped()) {
      throw damaged(end + 20, "events dropped", "at least " + dropped, totals.dropped());
    }
    require(end + 28, "time of the last event", totals.nanos(), nanos);
  }

  private ByteBuffer readChunk(long offset) throws IOException {
    if (end - offset < TraceFormat.CHUNK_HEADER_BYTES) {
      throw damaged(
          offset,
          "chunk",
          "at least " + TraceFormat.CHUNK_HEADER_BYTES + " bytes before the end record",
          (end - offset) + " bytes");
    }
    ByteBuffer head = read(offset, TraceFormat.CHUNK_HEADER_BYTES, "chunk");
    require(offset, "chunk", hex(TraceFormat.CHUNK_MAGIC), hex(head.getInt(0)));
    int payload = head.getInt(4);
    long room = end - offset - TraceFormat.CHUNK_HEADER_BYTES;
    if (payload < 0 || payload > Math.min(TraceFormat.MAX_CHUNK_BYTES, room)) {
      throw damaged(offset + 4, "chunk's length", "0 to " + room, payload);
    }
    ByteBuffer chunk = read(offset, TraceFormat.CHUNK_HEADER_BYTES + payload, "chunk");
    String sum = hex(TraceChunk.checksum(chunk.array(), chunk.limit()));
    require(offset + 28, "checksum of the chunk", sum, hex(chunk.getInt(28)));
    return chunk;
  }

  private ByteBuffer read(long offset, int bytes, String what) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, offset + buffer.position());
      if (read < 0) {
        throw damaged(offset, what, bytes + " bytes", buffer.position() + " bytes");
      }
    }
    return buffer.flip();
  }

  private void require(long offset, String what, Object expected, Object found)
      throws TraceFileException {
    if (!expected.equals(found)) {
      throw damaged(offset, what, expected, found);
    }
  }

  private static String hex(int bits) {
    return String.format("%08x", bits);
  }

  private TraceFileException damaged(long offset, String what, Object expected, Object found) {
    return new TraceFileException(file, offset, what, expected, found);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
