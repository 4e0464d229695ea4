package dev.drey.runtime.safetensors;

import static dev.drey.runtime.safetensors.Fixtures.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class HostileHeaderTest {
  private static final String OK = entry("ok", "U8", "[4]", "[0,4]");

  private final Path dir;

  HostileHeaderTest(@TempDir Path dir) {
    this.dir = dir;
  }

  static Stream<Arguments> lengths() {
    return Stream.of(
        Arguments.of(Long.MAX_VALUE, "found 9223372036854775807 bytes"),
        Arguments.of(-1L, "found 18446744073709551615 bytes"),
        Arguments.of(Long.MIN_VALUE, "found 9223372036854775808 bytes"),
        Arguments.of(0L, "found 0 bytes"),
        Arguments.of(1L, "found 1 bytes"),
        Arguments.of(100_000_001L, "2 to 100000000 bytes"),
        Arguments.of(100_000_000L, "at most the 14 bytes that follow"),
        Arguments.of(15L, "at most the 14 bytes that follow"));
  }

  @ParameterizedTest
  @MethodSource("lengths")
  void aHeaderLengthBeyondFileOrFormatIsRefusedBeforeItIsAllocated(long length, String expected)
      throws IOException {
    byte[] header = "{          ".getBytes(StandardCharsets.UTF_8);
    Path path = Files.write(dir.resolve("a.safetensors"), Fixtures.bytes(length, header, 3));
    assertRefused(path, expected);
  }

  @Test
  void aHeaderBeyondTheCapIsRefusedThoughTheFileHasIt() throws IOException {
    byte[] header = new byte[(16 << 20) + 1];
    header[0] = '{';
    assertRefused(Fixtures.file(dir.resolve("a.safetensors"), header, 0), "at most 16777216 bytes");
  }

  static Stream<Arguments> headers() {
    String big = "9223372036854775807";
    return Stream.of(
        Arguments.of("", "expected 2 to 100000000 bytes"),
        Arguments.of("[]", "starts with '{'"),
        Arguments.of("  {}", "starts with '{'"),
        Arguments.of("{}", "where the last tensor ends, found 14 bytes"),
        Arguments.of("{" + OK, "invalid JSON"),
        Arguments.of("{" + OK + "}{}", "more after its end"),
        Arguments.of("{" + OK + "}\u0000", "invalid JSON"),
        Arguments.of("{" + OK + "," + OK + "}", "Duplicate"),
        Arguments.of("{\"__metadata__\":{},\"__metadata__\":{}," + OK + "}", "Duplicate"),
        Arguments.of("{\"__metadata__\":{\"a\":1}," + OK + "}", "texts only"),
        Arguments.of("{\"__metadata__\":[]," + OK + "}", "'__metadata__': expected an object"),
        Arguments.of(
            "{" + entry("\\u001b[2J", "U8", "[4]", "[0,4]") + "}", "a name of visible characters"),
        Arguments.of("{\"ok\":3}", "tensor 'ok': expected an object"),
        Arguments.of("{" + entry("x", "U8", "[4]", "[4,0]") + "}", "bytes 4 to 0"),
        Arguments.of("{" + entry("x", "U8", "[5]", "[0,5]") + "}", "bytes 0 to 5"),
        Arguments.of("{" + entry("x", "U8", "[4]", "[0," + big + "]") + "}", "bytes 0 to " + big),
        Arguments.of("{" + entry("x", "U8", "[4]", "[-1,3]") + "}", "found '-1'"),
        Arguments.of("{" + entry("x", "U8", "[4]", "[0]") + "}", "two data_offsets"),
        Arguments.of("{" + entry("x", "U8", "[4]", "[0,4,8]") + "}", "data_offsets of at most 2"),
        Arguments.of("{" + entry("x", "U8", "[3]", "[0,4]") + "}", "3 bytes for U8[3], found 4"),
        Arguments.of("{" + entry("x", "BF16", "[4]", "[0,4]") + "}", "8 bytes for BF16[4]"),
        Arguments.of(
            "{" + entry("x", "F32", "[4294967296,4294967296]", "[0,4]") + "}", "fewer than 2^63"),
        Arguments.of("{" + entry("x", "F32", "[" + big + "]", "[0,4]") + "}", "fewer than 2^63"),
        Arguments.of("{" + entry("x", "U8", "[9223372036854775808]", "[0,4]") + "}", "shape of at"),
        Arguments.of("{" + entry("x", "U8", "[4.0]", "[0,4]") + "}", "found '4.0'"),
        Arguments.of("{" + entry("x", "U8", "[\"4\"]", "[0,4]") + "}", "shape of at most 8"),
        Arguments.of("{" + entry("x", "U8", "[1,1,1,1,1,1,1,1,4]", "[0,4]") + "}", "at most 8"),
        Arguments.of("{" + entry("x", "U8", "[-2,-2]", "[0,4]") + "}", "found '-2'"),
        Arguments.of("{" + entry("x", "F8_E5M2", "[4]", "[0,4]") + "}", "'F8_E5M2'"),
        Arguments.of("{" + entry("x", "bf16", "[2]", "[0,4]") + "}", "'bf16'"),
        Arguments.of("{\"x\":{\"dtype\":\"U8\",\"shape\":[4]}}", "data_offsets null"),
        Arguments.of("{\"x\":{\"shape\":[4],\"data_offsets\":[0,4]}}", "dtype null"),
        Arguments.of(
            "{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"y\":1}}", "key 'y'"),
        Arguments.of(
            "{" + entry("a", "U8", "[3]", "[0,3]") + "," + entry("b", "U8", "[2]", "[2,4]") + "}",
            "an overlap, a start at 2"),
        Arguments.of(
            "{" + entry("a", "U8", "[1]", "[0,1]") + "," + entry("b", "U8", "[2]", "[2,4]") + "}",
            "a hole, a start at 2"),
        Arguments.of("{" + entry("a", "U8", "[3]", "[1,4]") + "}", "a hole, a start at 1"),
        Arguments.of("{" + entry("a", "U8", "[3]", "[0,3]") + "}", "where the last tensor ends"),
        Arguments.of("{\"a\":" + "[".repeat(10_000), "tensor 'a': expected an object"),
        Arguments.of("{\"a\":{\"shape\":" + "[".repeat(10_000), "shape of at most 8 whole numbers"),
        Arguments.of("{\"a\":{\"b\":" + "{\"b\":".repeat(10_000), "found the key 'b'"),
        Arguments.of("{\"__metadata__\":{\"a\":" + "[".repeat(10_000), "texts only"));
  }

  @ParameterizedTest
  @MethodSource("headers")
  void aHeaderThatContradictsItselfOrTheFileIsRefused(String header, String expected)
      throws IOException {
    assertRefused(Fixtures.file(dir.resolve("a.safetensors"), header, 4), expected);
  }

  static Stream<byte[]> notUtf8() {
    return Stream.of(
        new byte[] {(byte) 0xff},
        new byte[] {(byte) 0xc0, (byte) 0x80},
        new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
        new byte[] {(byte) 0xe2, (byte) 0x82},
        new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80});
  }

  @ParameterizedTest
  @MethodSource("notUtf8")
  void bytesThatAreNotUtf8AreRefused(byte[] name) throws IOException {
    byte[] header =
        ("{" + entry("N".repeat(name.length), "U8", "[4]", "[0,4]") + "}")
            .getBytes(StandardCharsets.UTF_8);
    System.arraycopy(name, 0, header, 2, name.length);
    assertRefused(Fixtures.file(dir.resolve("a.safetensors"), header, 4), "not valid UTF-8");
  }

  @Test
  void aHostileNameIsCutAndEscapedInTheMessage() throws IOException {
    String name = "x\\n[ERROR] forged\\u001b[31m\\u202e" + "y".repeat(40_000);
    Path path =
        Fixtures.file(
            dir.resolve("a.safetensors"), "{" + entry(name, "U9", "[4]", "[0,4]") + "}", 4);
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(ModelFileException.class)
        .satisfies(
            e -> {
              assertThat(e.getMessage())
                  .hasSizeLessThan(800)
                  .contains("x\\u000a[ERROR]")
                  .contains("\\u202e")
                  .doesNotContainPattern("\\p{Cntrl}");
            });
  }

  @Test
  void aHundredThousandTensorsAreReadAndMoreThanTheLimitAreRefused() throws IOException {
    Path many = Fixtures.file(dir.resolve("many.safetensors"), emptyTensors(100_000), 0);
    try (SafetensorsFile file = SafetensorsFile.open(many)) {
      assertThat(file.regions()).hasSize(100_000);
    }
    SafetensorsLimits narrow = new SafetensorsLimits(16 << 20, 99_999);
    assertThatThrownBy(() -> SafetensorsFile.open(many, narrow))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("at most 99999 tensors");
  }

  @Test
  void aMillionTensorsAreRefusedByTheHeadersLengthAndByTheirNumber() throws IOException {
    Path million = Fixtures.file(dir.resolve("million.safetensors"), emptyTensors(1_000_000), 0);
    assertRefused(million, "at most 16777216 bytes");
    SafetensorsLimits wide = new SafetensorsLimits(SafetensorsLimits.HARD_HEADER_BYTES, 200_000);
    assertThatThrownBy(() -> SafetensorsFile.open(million, wide))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("at most 200000 tensors");
  }

  @Test
  void metadataOfMoreTextsThanAnybodyWritesIsRefused() throws IOException {
    String texts =
        IntStream.range(0, 10_001)
            .mapToObj(i -> "\"%d\":\"\"".formatted(i))
            .collect(Collectors.joining(",", "{\"__metadata__\":{", "}}"));
    assertRefused(
        Fixtures.file(dir.resolve("a.safetensors"), texts, 0),
        "header key '__metadata__': expected at most 10000 texts");
  }

  @Test
  void namesThatCollideInEveryHashAreReadAsFastAsOthers() throws IOException {
    // Two pairs of letters of one hash, in all combinations: 32,768 names of one hash.
    String header =
        IntStream.range(0, 1 << 15)
            .mapToObj(i -> entry(colliding(i, 15), "U8", "[0]", "[0,0]"))
            .collect(Collectors.joining(",", "{", "}"));
    assertThat(colliding(1, 15).hashCode()).isEqualTo(colliding(9999, 15).hashCode());
    try (SafetensorsFile file =
        SafetensorsFile.open(Fixtures.file(dir.resolve("a.safetensors"), header, 0))) {
      assertThat(file.regions()).hasSize(1 << 15);
    }
  }

  private static String colliding(int choice, int pairs) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < pairs; i++) {
      name.append((choice >> i & 1) == 0 ? "Aa" : "BB");
    }
    return name.toString();
  }

  @Test
  void aGitLfsPointerInPlaceOfAFileIsCalledWhatItIs() throws IOException {
    Path pointer =
        Files.writeString(
            dir.resolve("model.safetensors"),
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n");
    assertRefused(pointer, "found a Git LFS pointer to one, 64 bytes. Fetch the file itself");
  }

  private static String emptyTensors(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> entry("t" + i, "U8", "[0]", "[0,0]"))
        .collect(Collectors.joining(",", "{", "}"));
  }

  @Test
  void whatIsNotARegularFileIsRefusedWithoutWaiting() throws IOException {
    assertRefused(Files.createDirectory(dir.resolve("d.safetensors")), "a regular file");
    assertRefused(dir.resolve("none.safetensors"), "NoSuchFile");
    assertRefused(Path.of("/dev/zero"), "a regular file");
  }

  private static void assertRefused(Path path, String expected) {
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining(expected);
  }
}
