package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.DType;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
  private final Path dir;

  SafetensorsFileTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @Test
  void readsTensorsMetadataScalarsAndEmptyTensorsInAnyOrderOfEntries() throws IOException {
    String header =
        "{"
            + Fixtures.entry("last", "F32", "[1,2]", "[6,14]")
            + ",\"__metadata__\":{\"format\":\"pt\"},"
            + Fixtures.entry("first", "BF16", "[3]", "[0,6]")
            + ","
            + Fixtures.entry("scalar", "U8", "[]", "[14,15]")
            + ","
            + Fixtures.entry("empty", "F32", "[0,9223372036854775807]", "[6,6]")
            + "}   ";
    try (SafetensorsFile file =
        SafetensorsFile.open(Fixtures.file(dir.resolve("a.safetensors"), header, 15))) {
      assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"));
      assertThat(file.regions())
          .extracting(TensorRegion::name)
          .containsExactly("first", "empty", "last", "scalar");
      TensorRegion last = file.regions().get(2);
      assertThat(last.describe()).isEqualTo("F32 [1, 2]");
      assertThat(last.offset()).isEqualTo(8 + header.length() + 6);
      assertThat(read(file, last, 0, 8)).containsExactly(6, 7, 8, 9, 10, 11, 12, 13);
      assertThat(read(file, last, 5, 2)).containsExactly(11, 12);
      assertThat(read(file, last, 8, 0)).isEmpty();
    }
  }

  @Test
  void aReadOutsideItsTensorIsRefused() throws IOException {
    Path path =
        Fixtures.counting(dir.resolve("a.safetensors"), new TreeMap<>(Map.of("a", 8, "b", 8)));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TensorRegion a = file.regions().get(0);
      assertThatThrownBy(() -> read(file, a, 1, 8))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("'a' has 8 bytes");
      assertThatThrownBy(() -> read(file, a, -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
      TensorRegion elsewhere = new TensorRegion("a", dir, DType.U8, new long[] {8}, 0, 8);
      assertThatThrownBy(() -> read(file, elsewhere, 0, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aFileThatShrinksWhileOpenIsNamedWithBothSizes() throws IOException {
    Path path = Fixtures.counting(dir.resolve("a.safetensors"), Map.of("a", 4096));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      truncate(path, file.bytes() - 1000);
      for (int bytes : new int[] {4096, 8}) {
        assertThatThrownBy(() -> read(file, file.regions().get(0), 0, bytes))
            .isInstanceOf(ModelFileException.class)
            .hasMessageContaining(path.toString())
            .hasMessageContaining("expected the " + file.bytes() + " bytes modified at ")
            .hasMessageContaining("found " + (file.bytes() - 1000) + " bytes modified at ");
      }
    }
  }

  @Test
  void aFileThatIsWrittenOverWhileOpenIsNotMixedWithWhatItWas() throws IOException {
    Path path = Fixtures.counting(dir.resolve("a.safetensors"), Map.of("a", 4096));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TensorRegion region = file.regions().get(0);
      Fixtures.overwrite(region, 100, 1, 2, 3);
      Files.setLastModifiedTime(path, FileTime.from(Instant.parse("2031-05-06T07:08:09Z")));
      assertThatThrownBy(() -> read(file, region, 0, 8))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(path.toString())
          .hasMessageContaining("modified at 2031-05-06T07:08:09Z");
    }
  }

  @Test
  void aFileThatIsReplacedOrDeletedWhileOpenIsReadAsItWas() throws IOException {
    Path path = Fixtures.counting(dir.resolve("a.safetensors"), Map.of("a", 64));
    Path other = Fixtures.file(dir.resolve("b.safetensors"), "{}", 0);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
      assertThat(read(file, file.regions().get(0), 5, 2)).containsExactly(5, 6);
      Files.delete(path);
      assertThat(read(file, file.regions().get(0), 62, 2)).containsExactly(62, 63);
    }
  }

  @Test
  void anInterruptedReaderFailsAloneAndTheOthersGoOn() throws Exception {
    Path path = Fixtures.counting(dir.resolve("a.safetensors"), Map.of("a", 4096));
    ExecutorService others = Executors.newFixedThreadPool(3);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TensorRegion region = file.regions().get(0);
      List<Future<Integer>> reads =
          List.of(others.submit(() -> sum(file)), others.submit(() -> sum(file)));
      for (int i = 0; i < 200; i++) {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> read(file, region, 0, 8))
            .isInstanceOf(InterruptedIOException.class)
            .hasMessageContaining(path.toString());
        assertThat(Thread.interrupted()).isTrue();
      }
      for (Future<Integer> read : reads) {
        assertThat(read.get()).isEqualTo(2000 * 24);
      }
      assertThat(read(file, region, 4, 2)).containsExactly(4, 5);
    } finally {
      others.shutdownNow();
    }
  }

  private static int sum(SafetensorsFile file) throws IOException {
    int sum = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = read(file, file.regions().get(0), 7, 3);
      sum += bytes[0] + bytes[1] + bytes[2];
    }
    return sum;
  }

  @Test
  void aFileReplacedBehindAnInterruptedReaderIsNotTakenForTheOldOne() throws IOException {
    Path path = Fixtures.counting(dir.resolve("a.safetensors"), Map.of("a", 64));
    Path other = Fixtures.counting(dir.resolve("b.safetensors"), Map.of("a", 64));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TensorRegion region = file.regions().get(0);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> read(file, region, 0, 8)).isInstanceOf(InterruptedIOException.class);
      assertThat(Thread.interrupted()).isTrue();
      Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
      assertThatThrownBy(() -> read(file, region, 0, 8))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("another file");
    }
  }

  @Test
  void aClosedFileCannotBeReadAndClosingTwiceIsHarmless() throws IOException {
    Path path = Fixtures.counting(dir.resolve("a.safetensors"), Map.of("a", 64));
    SafetensorsFile file = SafetensorsFile.open(path);
    file.close();
    file.close();
    assertThatThrownBy(() -> read(file, file.regions().get(0), 0, 8))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void readsLargeTensorsIntoHeapAndDirectBuffersAtAnyPosition() throws IOException {
    int bytes = (5 << 20) + 3;
    Path path = Fixtures.counting(dir.resolve("a.safetensors"), Map.of("a", bytes));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Random random = new Random(1);
      for (boolean direct : new boolean[] {false, true}) {
        ByteBuffer dst = direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
        int at = random.nextInt(1000);
        int count = bytes - at - 500;
        dst.position(17).limit(17 + count);
        file.read(file.regions().get(0), at, dst);
        assertThat(dst.position()).isEqualTo(17 + count);
        assertThat(dst.limit()).isEqualTo(17 + count);
        for (int i = 0; i < count; i++) {
          if (dst.get(17 + i) != (byte) (at + i)) {
            assertThat(dst.get(17 + i)).as("byte %d", i).isEqualTo((byte) (at + i));
          }
        }
        assertThat(dst.get(16)).isZero();
      }
    }
  }

  static byte[] read(SafetensorsFile file, TensorRegion region, long offset, int count)
      throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(count);
    file.read(region, offset, dst);
    assertThat(dst.hasRemaining()).isFalse();
    return dst.array();
  }

  static void truncate(Path path, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
    }
  }
}
