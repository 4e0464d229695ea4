package dev.drey.runtime.trace;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32;

/** A trace file being written: preamble, chunks, end record. Not thread-safe. */
@SuppressWarnings("ByteBufferBackingArray") // every buffer is a whole array
final class TraceFile implements AutoCloseable {
  /** Reads and writes headers; a field that is missing is an error, one that is new is not. */
  static final ObjectMapper HEADERS =
      new ObjectMapper()
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

  private static final int MAX_FILES = 10_000;

  private final Path path;
  private final FileChannel channel;
  private long chunks;
  private long events;

  private TraceFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Creates the file under the wanted name, or if that is taken, under the first free one of {@code
   * wanted.2}, {@code wanted.3}, …: a slot's engine may be opened again, several slots may share a
   * directory, and nothing is overwritten.
   */
  static TraceFile create(Path wanted, TraceHeader header) throws IOException {
    Path absolute = wanted.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    for (int number = 1; number <= MAX_FILES; number++) {
      Path path = number == 1 ? absolute : Path.of(absolute + "." + number);
      try {
        TraceFile file =
            new TraceFile(
                path,
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        file.begin(header);
        return file;
      } catch (FileAlreadyExistsException e) {
        // somebody else's; try the next name
      }
    }
    throw new IOException(
        "no free name for a trace: %s and %s.2 to .%d exist; delete some"
            .formatted(absolute, absolute, MAX_FILES));
  }

  private void begin(TraceHeader header) throws IOException {
    try {
      byte[] json = HEADERS.writeValueAsBytes(header);
      ByteBuffer preamble = buffer(TraceFormat.PREAMBLE_BYTES + json.length);
      preamble.putLong(TraceFormat.MAGIC);
      preamble.putInt(TraceFormat.VERSION);
      preamble.putInt(json.length);
      preamble.putInt(checksum(json, json.length));
      preamble.put(json);
      write(preamble.flip());
    } catch (IOException | RuntimeException e) {
      try {
        channel.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  static int checksum(byte[] bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  Path path() {
    return path;
  }

  void append(TraceChunk chunk) throws IOException {
    write(chunk.seal());
    chunks++;
    events += chunk.events();
  }

  /** Writes the end record, without which the file counts as incomplete. */
  void end(long dropped, long nanos) throws IOException {
    ByteBuffer end = buffer(TraceFormat.END_BYTES);
    end.putInt(TraceFormat.END_MAGIC);
    end.putLong(chunks);
    end.putLong(events);
    end.putLong(dropped);
    end.putLong(nanos);
    end.putInt(checksum(end.array(), TraceFormat.END_BYTES - Integer.BYTES));
    write(end.flip());
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
