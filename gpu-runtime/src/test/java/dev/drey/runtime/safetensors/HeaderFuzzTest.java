package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Any bytes as a safetensors file. An input that begins with 'r' is the file behind it; any other
 * is, behind its first byte, a header, to which a fitting length and 64 bytes of data are added.
 */
class HeaderFuzzTest {
  private static final int DATA_BYTES = 64;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  static Path dir;

  @FuzzTest(maxDuration = "2m")
  void aFileIsReadOrRefused(byte[] input) {
    Path file = write(input);
    HostileInput.reads(file, () -> readWhatItPromises(file));
  }

  @Test
  void damagedSeedsAreReadOrRefused() {
    HostileInput.damageSeeds(HeaderFuzzTest.class, this::aFileIsReadOrRefused);
  }

  private static Path write(byte[] input) {
    byte[] rest = Arrays.copyOfRange(input, Math.min(1, input.length), input.length);
    boolean raw = input.length > 0 && input[0] == 'r';
    try {
      return Files.write(
          dir.resolve("fuzz.safetensors"),
          raw ? rest : Fixtures.bytes(rest.length, rest, DATA_BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every byte behind the header must belong to exactly one tensor, and be there. */
  private static void readWhatItPromises(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      long end = file.regions().isEmpty() ? file.bytes() : file.regions().get(0).offset();
      for (TensorRegion region : file.regions()) {
        assertThat(region.offset()).isEqualTo(end);
        assertThat(region.bytes()).isEqualTo(TensorSpec.bytes(region.type(), region.shape()));
        end += region.bytes();
        if (region.bytes() > 0) {
          file.read(region, region.bytes() - 1, ByteBuffer.allocate(1));
        }
      }
      assertThat(end).isEqualTo(file.bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
