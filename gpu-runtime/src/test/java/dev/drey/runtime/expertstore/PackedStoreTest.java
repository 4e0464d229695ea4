package dev.drey.runtime.expertstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.Devices;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.safetensors.ModelFileException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is packed is what a load from the checkpoint leaves in a slot, or it is refused. */
class PackedStoreTest {
  private static final Path MODEL = Path.of("src/test/resources/golden/qwen3_moe");
  private static final ExpertId LAST = new ExpertId(2, 15);

  @TempDir private Path directory;

  /** A device with room for one expert. */
  private static final class Bench implements AutoCloseable {
    final Checkpoint checkpoint = Checkpoint.open(MODEL);
    final MemoryBudget budget = MemoryBudget.root("test", 64 << 20);
    final Device device;

    Bench(String device, ComputeType compute) {
      this.device = Devices.open(device, 0, compute, 1);
    }

    void pack(Path directory) throws IOException {
      try (ExpertPacker packer = new ExpertPacker(checkpoint, device, budget)) {
        packer.write(directory, done -> {});
      }
    }

    ExpertSource open(Path directory, boolean direct) {
      return new ExpertStorage(directory.toString(), direct).open(checkpoint, device);
    }

    byte[] slot(ExpertSource source, ExpertId expert) throws IOException {
      ExpertLayout layout = device.expertLayout(checkpoint.config().expertShape());
      ExpertBlocks blocks = source.blocks(layout);
      int bytes = Math.toIntExact(layout.bytes());
      try (DeviceBuffer memory = device.allocate(budget, bytes);
          HostBuffer staging = device.allocateHost(budget, Math.max(blocks.largest(), bytes));
          CopyStream copies = device.newCopyStream(budget)) {
        for (int block = 0; block < blocks.count(); block++) {
          ByteBuffer target = staging.bytes();
          target.limit(blocks.bytes(block));
          blocks.read(expert, block, target);
          assertThat(target.hasRemaining()).isFalse();
          blocks.copy(block, staging, 0, copies, new Expert(layout, memory));
          copies.record().await();
        }
        copies.copyBack(memory, 0, staging, 0, bytes);
        byte[] found = new byte[bytes];
        staging.bytes().get(found);
        return found;
      }
    }

    byte[] readIntoSlot(ExpertSource source, ExpertId expert) throws IOException {
      ExpertLayout layout = device.expertLayout(checkpoint.config().expertShape());
      ExpertBlocks blocks = source.blocks(layout);
      try (DeviceBuffer memory = device.allocate(budget, layout.bytes())) {
        ByteBuffer view = device.hostView(memory).orElseThrow();
        for (int block = 0; block < blocks.count(); block++) {
          int place = Math.toIntExact(blocks.place(block));
          blocks.read(expert, block, view.slice(place, blocks.bytes(block)));
        }
        byte[] found = new byte[view.capacity()];
        view.get(found);
        return found;
      }
    }

    @Override
    public void close() {
      device.close();
      assertThat(budget.usedBytes()).isZero();
      budget.close();
      checkpoint.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu,BF16", "cpu,F32", "reference,F32"})
  void aPackedExpertFillsASlotWithTheSameBytes(String device, ComputeType compute)
      throws IOException {
    try (Bench bench = new Bench(device, compute)) {
      bench.pack(directory);
      try (ExpertSource plain = ExpertStore.open(bench.checkpoint);
          ExpertSource packed = bench.open(directory, false)) {
        assertThat(packed.layers()).isEqualTo(plain.layers());
        assertThat(packed.experts()).isEqualTo(plain.experts());
        for (int layer = 0; layer < plain.layers(); layer++) {
          for (int index = 0; index < plain.experts(); index++) {
            ExpertId expert = new ExpertId(layer, index);
            assertThat(bench.slot(packed, expert))
                .as("%s", expert)
                .isEqualTo(bench.slot(plain, expert));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void piecesThatLieAsTheyAreStoredCanBeReadIntoTheSlot(boolean direct) throws IOException {
    Path place = Files.createTempDirectory(Path.of("target"), "packed");
    try (Bench bench = new Bench("cpu", ComputeType.BF16)) {
      bench.pack(place);
      try (ExpertSource plain = ExpertStore.open(bench.checkpoint);
          ExpertSource packed = bench.open(place, direct)) {
        assertThat(bench.readIntoSlot(packed, LAST)).isEqualTo(bench.slot(plain, LAST));
      }
    } finally {
      delete(place);
    }
  }

  @Test
  void directReadsGiveTheSameBytes() throws IOException {
    Path place = Files.createTempDirectory(Path.of("target"), "packed");
    try (Bench bench = new Bench("cpu", ComputeType.BF16)) {
      bench.pack(place);
      try (ExpertSource cached = bench.open(place, false);
          ExpertSource direct = bench.open(place, true)) {
        assertThat(bench.slot(direct, LAST)).isEqualTo(bench.slot(cached, LAST));
      }
    } finally {
      delete(place);
    }
  }

  private static void delete(Path place) throws IOException {
    for (Path file : files(place)) {
      Files.delete(file);
    }
    Files.delete(place);
  }

  @Test
  void packingAgainGivesTheSameFiles() throws IOException {
    try (Bench bench = new Bench("cpu", ComputeType.BF16)) {
      bench.pack(directory.resolve("a"));
      bench.pack(directory.resolve("b"));
    }
    for (Path file : files(directory.resolve("a"))) {
      assertThat(directory.resolve("b").resolve(file.getFileName())).hasSameBinaryContentAs(file);
    }
  }

  @Test
  void aBitThatFlippedIsFoundWhenItsExpertIsReadAndNamesIt() throws IOException {
    try (Bench bench = new Bench("cpu", ComputeType.BF16)) {
      bench.pack(directory);
      Path file = PackedFormat.file(directory, LAST.layer());
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
        long checksums = 16L * Integer.BYTES;
        long place = bytes.length() - checksums - PackedFormat.ALIGNMENT;
        bytes.seek(place);
        int before = bytes.read();
        bytes.seek(place);
        bytes.write(before ^ 1);
      }
      try (ExpertSource packed = bench.open(directory, false)) {
        assertThat(bench.slot(packed, new ExpertId(LAST.layer(), 0))).isNotEmpty();
        assertThatThrownBy(() -> bench.slot(packed, LAST))
            .isInstanceOf(IOException.class)
            .hasMessageContaining(LAST.toString())
            .hasMessageContaining(file.toString())
            .hasMessageContaining("CRC-32C");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096, 5000})
  void aFileThatIsCutShortIsRefused(int bytes) throws IOException {
    try (Bench bench = new Bench("cpu", ComputeType.BF16)) {
      bench.pack(directory);
      Path file = PackedFormat.file(directory, 0);
      try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
        cut.setLength(cut.length() - bytes);
      }
      assertThatThrownBy(() -> bench.open(directory, false))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void expertsOfAnotherComputeTypeDeviceOrModelAreRefusedWithBoth() throws IOException {
    try (Bench reference = new Bench("reference", ComputeType.F32);
        Bench bench = new Bench("cpu", ComputeType.BF16)) {
      reference.pack(directory);
      assertThatThrownBy(() -> bench.open(directory, false))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("\"weights\"")
          .hasMessageContaining("cpu:")
          .hasMessageContaining("reference:")
          .hasMessageContaining("drey pack");
      assertThatThrownBy(
              () ->
                  PackedStore.open(
                      directory, "another", reference.checkpoint.config(), reference.device, false))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("\"model\"")
          .hasMessageContaining("another")
          .hasMessageContaining(reference.checkpoint.digest());
    }
  }

  @Test
  void aMissingLayerIsRefused() throws IOException {
    try (Bench bench = new Bench("cpu", ComputeType.BF16)) {
      bench.pack(directory);
      Files.delete(PackedFormat.file(directory, 1));
      assertThatThrownBy(() -> bench.open(directory, false))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(PackedFormat.file(directory, 1).toString());
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (var listed = Files.list(directory)) {
      listed.forEach(files::add);
    }
    return files;
  }
}
