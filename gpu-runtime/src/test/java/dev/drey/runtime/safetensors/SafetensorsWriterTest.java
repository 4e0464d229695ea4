package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private static final List<TensorSpec> SPECS =
      List.of(
          new TensorSpec("a", DType.BF16, new long[] {2, 2}),
          new TensorSpec("none", DType.F32, new long[] {0}),
          new TensorSpec("b", DType.U8, new long[] {3}));

  private final Path dir;

  SafetensorsWriterTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @Test
  void writesTheFormatByteForByte() throws IOException {
    Path path = dir.resolve("a.safetensors");
    write(path);
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + Fixtures.entry("a", "BF16", "[2,2]", "[0,8]")
            + ","
            + Fixtures.entry("none", "F32", "[0]", "[8,8]")
            + ","
            + Fixtures.entry("b", "U8", "[3]", "[8,11]")
            + "}";
    header += " ".repeat((8 - header.length() % 8) % 8);
    byte[] expected = Fixtures.bytes(header.length(), header.getBytes(StandardCharsets.UTF_8), 11);
    assertThat(Files.readAllBytes(path)).isEqualTo(expected);
    assertThat(dir).isDirectoryNotContaining("glob:**.partial");
  }

  private static void write(Path path) throws IOException {
    try (SafetensorsWriter writer = SafetensorsWriter.create(path, SPECS, Map.of("format", "pt"))) {
      writer.write("a", ByteBuffer.wrap(new byte[] {0, 1, 2}));
      writer.write("a", ByteBuffer.wrap(new byte[] {3, 4, 5, 6, 7}));
      writer.write("none", ByteBuffer.allocate(0));
      writer.write("b", ByteBuffer.wrap(new byte[] {8, 9, 10}));
      writer.finish();
    }
  }

  @Test
  void refusesDataOutOfTurnOrBeyondItsTensor() throws IOException {
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(dir.resolve("a.safetensors"), SPECS, Map.of())) {
      assertThatThrownBy(() -> writer.write("b", ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'b' when it is the turn of 'a'");
      assertThatThrownBy(() -> writer.write("a", ByteBuffer.allocate(9)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("room for 8 more bytes, got 9");
      writer.write("a", ByteBuffer.allocate(8));
      writer.write("b", ByteBuffer.allocate(3));
      assertThatThrownBy(() -> writer.write("c", ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("turn of 'none'");
    }
  }

  @Test
  void anIncompleteFileNeverAppearsUnderItsName() throws IOException {
    Path path = dir.resolve("a.safetensors");
    Files.writeString(path, "old");
    try (SafetensorsWriter writer = SafetensorsWriter.create(path, SPECS, Map.of())) {
      writer.write("a", ByteBuffer.allocate(5));
      assertThatThrownBy(writer::finish)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'a' has 5 of 8 bytes");
    }
    assertThat(path).hasContent("old");
    assertThat(dir).isDirectoryNotContaining("glob:**.partial");
  }

  @Test
  void refusesNamesInUseAndImpossibleShapes() {
    TensorSpec a = SPECS.get(0);
    assertThatThrownBy(() -> SafetensorsWriter.create(dir.resolve("x"), List.of(a, a), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a'");
    assertThatThrownBy(() -> new TensorSpec("x", DType.F32, new long[] {-1}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new TensorSpec("x", DType.F32, new long[] {1L << 31, 1L << 30}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
