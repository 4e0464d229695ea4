package dev.drey.runtime.safetensors;

import dev.drey.runtime.model.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Model files to read and to damage. */
public final class Fixtures {
  private Fixtures() {}

  /** The directory of a golden model or tokenizer. */
  public static Path golden(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(Fixtures.class.getResource("/golden/" + name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The sample model. */
  public static Path sampleModel() {
    return Path.of("../examples/sample-qwen3-moe");
  }

  /** Copies the files of a directory, to damage them. */
  public static Path copy(Path from, Path to) {
    try (Stream<Path> files = Files.list(from)) {
      Files.createDirectories(to);
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
      return to;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts bytes in the place of others of a tensor, from this offset in it. */
  public static void overwrite(TensorRegion tensor, long offset, int... bytes) {
    ByteBuffer content = ByteBuffer.allocate(bytes.length);
    for (int b : bytes) {
      content.put((byte) b);
    }
    try (FileChannel file = FileChannel.open(tensor.file(), StandardOpenOption.WRITE)) {
      file.write(content.flip(), tensor.offset() + offset);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file of this size without content, which takes no room on the disk. */
  public static Path sparse(Path path, long bytes) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            path,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      file.write(ByteBuffer.allocate(1), bytes - 1);
    }
    return path;
  }

  /** A safetensors file of this header and so many bytes of data. */
  static Path file(Path path, byte[] header, int dataBytes) throws IOException {
    return Files.write(path, bytes(header.length, header, dataBytes));
  }

  /** As above, with the header as text. */
  static Path file(Path path, String header, int dataBytes) throws IOException {
    return file(path, header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  /** The bytes of a file that claims to have a header of this length. */
  static byte[] bytes(long claimed, byte[] header, int dataBytes) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + header.length + dataBytes);
    bytes.order(ByteOrder.LITTLE_ENDIAN).putLong(claimed).put(header);
    for (int i = 0; i < dataBytes; i++) {
      bytes.put((byte) i);
    }
    return bytes.array();
  }

  /** A tensor's entry in a header. */
  static String entry(String name, String type, String shape, String place) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, type, shape, place);
  }

  /** Writes a file of U8 tensors of these sizes, whose bytes count up through the file. */
  static Path counting(Path path, Map<String, Integer> sizes) throws IOException {
    List<TensorSpec> specs =
        sizes.entrySet().stream()
            .map(e -> new TensorSpec(e.getKey(), DType.U8, new long[] {e.getValue()}))
            .toList();
    int next = 0;
    try (SafetensorsWriter writer = SafetensorsWriter.create(path, specs, Map.of())) {
      for (TensorSpec spec : specs) {
        ByteBuffer data = ByteBuffer.allocate((int) spec.bytes());
        while (data.hasRemaining()) {
          data.put((byte) next++);
        }
        writer.write(spec.name(), data.flip());
      }
      writer.finish();
    }
    return path;
  }
}
