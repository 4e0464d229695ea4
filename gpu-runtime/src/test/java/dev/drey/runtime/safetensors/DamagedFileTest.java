package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DamagedFileTest {
  private static final Path GOLDEN =
      Fixtures.golden("qwen3_moe").resolve("model-00001-of-00002.safetensors");

  private final Path dir;

  DamagedFileTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @Test
  void aFileCutAtAnyStructuralBoundaryOrAnywhereElseIsRefusedWithItsNameAndSizes()
      throws IOException {
    TreeSet<Long> cuts = new TreeSet<>();
    long size;
    try (SafetensorsFile file = SafetensorsFile.open(GOLDEN)) {
      size = file.bytes();
      cuts.addAll(List.of(0L, 1L, 7L, 8L, 9L, file.regions().get(0).offset() - 1));
      for (TensorRegion region : file.regions()) {
        cuts.addAll(List.of(region.offset(), region.offset() + region.bytes() - 1));
      }
    }
    new Random(7).longs(1200, 0, size).forEach(cuts::add);
    assertThat(cuts).hasSizeGreaterThan(1300);
    Path cut = Files.copy(GOLDEN, dir.resolve("cut.safetensors"));
    for (long bytes : cuts.descendingSet()) {
      SafetensorsFileTest.truncate(cut, bytes);
      String found = bytes < 8 ? "found " + bytes + " bytes" : String.valueOf(bytes - 8);
      assertThatThrownBy(() -> SafetensorsFile.open(cut), "cut at %d", bytes)
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(cut.toString())
          .satisfies(e -> assertThat(e.getMessage()).containsAnyOf(found, bytes + " bytes"));
    }
  }

  @Test
  void aFileWithBytesBehindTheLastTensorIsRefused() throws IOException {
    Path longer = dir.resolve("long.safetensors");
    byte[] content = Files.readAllBytes(GOLDEN);
    Files.write(longer, Arrays.copyOf(content, content.length + 1));
    assertThatThrownBy(() -> SafetensorsFile.open(longer))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(content.length + " bytes, where the last tensor ends")
        .hasMessageContaining("found " + (content.length + 1) + " bytes");
  }

  @Test
  void aBitFlippedInTheHeaderIsRefusedOrChangesNoPlaceTypeOrShape() throws IOException {
    byte[] content = Files.readAllBytes(GOLDEN);
    List<TensorRegion> intact = regions(GOLDEN);
    int headerEnd = (int) intact.get(0).offset();
    Path flipped = dir.resolve("flipped.safetensors");
    Random random = new Random(11);
    int refused = 0;
    int renamed = 0;
    for (int i = 0; i < 600; i++) {
      int bit = i < 64 ? i : 64 + random.nextInt(8 * headerEnd - 64);
      content[bit / 8] ^= (byte) (1 << (bit % 8));
      Files.write(flipped, content);
      content[bit / 8] ^= (byte) (1 << (bit % 8));
      try {
        List<TensorRegion> regions = regions(flipped);
        assertThat(regions).hasSameSizeAs(intact);
        for (int t = 0; t < regions.size(); t++) {
          TensorRegion was = intact.get(t);
          assertThat(regions.get(t))
              .isEqualTo(
                  new TensorRegion(
                      regions.get(t).name(),
                      flipped,
                      was.type(),
                      was.shape(),
                      was.offset(),
                      was.bytes()));
          renamed += regions.get(t).name().equals(was.name()) ? 0 : 1;
        }
      } catch (ModelFileException e) {
        assertThat(e).hasMessageContaining(flipped.toString());
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(200);
    assertThat(renamed).isGreaterThan(100);
  }

  private static List<TensorRegion> regions(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return file.regions();
    }
  }
}
