package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChecksumsTest {
  /**
   * Of the three bytes "abc" and of nothing: FIPS 180-2, appendix B.1, and NIST's empty message.
   */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private static final String NOTHING =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  private final Path dir;

  ChecksumsTest(@TempDir Path dir) throws IOException {
    this.dir = dir;
    Files.writeString(dir.resolve("abc.bin"), "abc");
    Files.writeString(dir.resolve("empty.bin"), "");
  }

  @Test
  void aListAsTheToolWritesItIsAccepted() throws IOException {
    list(
        ABC
            + "  abc.bin\n"
            + NOTHING.toUpperCase(Locale.ROOT)
            + " *empty.bin\n"
            + NOTHING
            + "  SHA256SUMS\n");
    assertThatCode(() -> verify("abc.bin")).doesNotThrowAnyException();
  }

  @Test
  void everyFlippedBitIsCaughtWithBothSums() throws IOException {
    byte[] content = new byte[1 << 12];
    new Random(3).nextBytes(content);
    Path file = Files.write(dir.resolve("w.bin"), content);
    String sum = Sha256.ofFile(file);
    list(sum + "  w.bin\n");
    assertThatCode(() -> verify("w.bin")).doesNotThrowAnyException();
    Random random = new Random(4);
    for (int i = 0; i < 200; i++) {
      int bit = random.nextInt(8 * content.length);
      content[bit / 8] ^= (byte) (1 << (bit % 8));
      Files.write(file, content);
      assertThatThrownBy(() -> verify("w.bin"))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(file + ": expected SHA-256 " + sum)
          .hasMessageContaining("found " + Sha256.ofFile(file));
      content[bit / 8] ^= (byte) (1 << (bit % 8));
    }
  }

  @Test
  void aFileThatTheListLacksOrThatIsMissingIsRefused() throws IOException {
    list(ABC + "  abc.bin\n");
    assertThatThrownBy(() -> verify("abc.bin", "empty.bin"))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("SHA256SUMS: file 'empty.bin': expected its checksum, found none");
    list(ABC + "  abc.bin\n" + NOTHING + "  gone.bin\n");
    assertThatThrownBy(() -> verify("abc.bin"))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("gone.bin: expected a file, found none");
    Files.delete(dir.resolve(Checksums.FILE));
    assertThatThrownBy(() -> verify("abc.bin"))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("SHA256SUMS: expected a file, found none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "abc.bin",
        "00  abc.bin",
        ABC + " abc.bin",
        ABC + "  ",
        ABC + "  ../abc.bin",
        ABC + "  /etc/passwd",
        ABC + "  abc.bin\n" + NOTHING + "  abc.bin",
        "\\" + ABC + "  abc.bin"
      })
  void aListOfAnyOtherFormIsRefused(String text) throws IOException {
    list(text);
    assertThatThrownBy(() -> verify("abc.bin"))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(dir.toString());
  }

  private void list(String text) throws IOException {
    Files.writeString(dir.resolve(Checksums.FILE), text);
  }

  private void verify(String... needed) {
    Checksums.verify(ModelDirectory.open(dir), List.of(needed));
  }
}
