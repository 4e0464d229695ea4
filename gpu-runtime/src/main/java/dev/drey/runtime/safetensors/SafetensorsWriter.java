package dev.drey.runtime.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes one safetensors file from front to back, in pieces of any size, so that a file may be far
 * larger than memory.
 *
 * <p><b>States.</b> Tensors are written in the order in which they were declared. {@link #finish()}
 * makes the file appear under its name, complete and forced to disk; closing without it removes
 * what was written. Not thread-safe.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private static final int ALIGNMENT_BYTES = 8;

  private final Path file;
  private final Path partial;
  private final FileChannel channel;
  private final List<TensorSpec> tensors;
  private int current;
  private long written;

  private SafetensorsWriter(
      Path file, Path partial, FileChannel channel, List<TensorSpec> tensors) {
    this.file = file;
    this.partial = partial;
    this.channel = channel;
    this.tensors = tensors;
  }

  /**
   * Starts a file, replacing one that is there only when the new one is complete.
   *
   * @param tensors in the order in which their data will come
   * @param metadata free text about the file
   * @throws IllegalArgumentException if two tensors have the same name
   */
  public static SafetensorsWriter create(
      Path file, List<TensorSpec> tensors, Map<String, String> metadata) throws IOException {
    return create(file, tensors, metadata, ALIGNMENT_BYTES);
  }

  /**
   * As {@link #create(Path, List, Map)}.
   *
   * @param alignment the first tensor begins at a multiple of so many bytes of the file; a power of
   *     two, at least 8
   */
  public static SafetensorsWriter create(
      Path file, List<TensorSpec> tensors, Map<String, String> metadata, int alignment)
      throws IOException {
    Set<String> names = new HashSet<>();
    for (TensorSpec tensor : tensors) {
      if (!names.add(tensor.name()) || tensor.name().equals("__metadata__")) {
        throw new IllegalArgumentException("tensor name in use: '" + tensor.name() + "'");
      }
    }
    ByteBuffer header = header(tensors, metadata, alignment);
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    FileChannel channel =
        FileChannel.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    SafetensorsWriter writer = new SafetensorsWriter(file, partial, channel, List.copyOf(tensors));
    try {
      writer.writeFully(header);
      return writer;
    } catch (IOException | RuntimeException e) {
      try (writer) {
        throw e;
      }
    }
  }

  private static ByteBuffer header(
      List<TensorSpec> tensors, Map<String, String> metadata, int alignment) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart("__metadata__");
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long begin = 0;
      for (TensorSpec tensor : tensors) {
        long end = Math.addExact(begin, tensor.bytes());
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.type().name());
        json.writeFieldName("shape");
        json.writeArray(tensor.shape(), 0, tensor.shape().length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {begin, end}, 0, 2);
        json.writeEndObject();
        begin = end;
      }
      json.writeEndObject();
    }
    int whole = (Long.BYTES + text.size() + alignment - 1) / alignment * alignment;
    int padded = whole - Long.BYTES;
    byte[] bytes = Arrays.copyOf(text.toByteArray(), padded);
    Arrays.fill(bytes, text.size(), padded, (byte) ' ');
    return ByteBuffer.allocate(Long.BYTES + padded)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(padded)
        .put(bytes)
        .flip();
  }

  /**
   * Appends data to a tensor.
   *
   * @param tensor the one that is incomplete, or the next one if none is
   * @param data little-endian elements, row-major; consumed
   * @throws IllegalStateException if it is another tensor's turn
   * @throws IllegalArgumentException if there is more data than the tensor has room for
   */
  public void write(String tensor, ByteBuffer data) throws IOException {
    while (isComplete() && !tensors.get(current).name().equals(tensor)) {
      next();
    }
    if (current == tensors.size() || !tensors.get(current).name().equals(tensor)) {
      String turn = current == tensors.size() ? "none" : tensors.get(current).name();
      throw new IllegalStateException(
          "%s: data for tensor '%s' when it is the turn of '%s'".formatted(file, tensor, turn));
    }
    long room = tensors.get(current).bytes() - written;
    if (data.remaining() > room) {
      throw new IllegalArgumentException(
          "%s: tensor '%s' has room for %d more bytes, got %d"
              .formatted(file, tensor, room, data.remaining()));
    }
    written += data.remaining();
    writeFully(data);
  }

  /**
   * Completes the file and gives it its name.
   *
   * @throws IllegalStateException if data is missing
   */
  public void finish() throws IOException {
    while (isComplete()) {
      next();
    }
    if (current < tensors.size()) {
      TensorSpec tensor = tensors.get(current);
      throw new IllegalStateException(
          "%s: tensor '%s' has %d of %d bytes"
              .formatted(file, tensor.name(), written, tensor.bytes()));
    }
    channel.force(true);
    channel.close();
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private boolean isComplete() {
    return current < tensors.size() && written == tensors.get(current).bytes();
  }

  private void next() {
    current++;
    written = 0;
  }

  private void writeFully(ByteBuffer data) throws IOException {
    while (data.hasRemaining()) {
      channel.write(data);
    }
  }

  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      channel.close();
      Files.deleteIfExists(partial);
    }
  }
}
