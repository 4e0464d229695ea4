package dev.drey.jobs.files;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineReaderTest {
  private static List<String> lines(String text, int maxLineBytes) throws IOException {
    byte[] bytes = text.getBytes(ISO_8859_1);
    List<String> lines = new ArrayList<>();
    try (LineReader reader =
        new LineReader(new ByteArrayInputStream(bytes), 0, 0, bytes.length, maxLineBytes)) {
      while (reader.next()) {
        lines.add(
            "%d@%d:%s%s"
                .formatted(
                    reader.number(),
                    reader.endOffset(),
                    new String(reader.bytes(), ISO_8859_1),
                    reader.isCut() ? "+" + reader.lineBytes() : ""));
      }
    }
    return lines;
  }

  @Test
  void everyLineHasItsNumberAndWhereItEnds() throws IOException {
    assertThat(lines("one\ntwo\n\nfour", 100))
        .containsExactly("0@4:one", "1@8:two", "2@9:", "3@13:four");
  }

  @Test
  void aLineFeedAtTheEndEndsTheLastLineAndBeginsNone() throws IOException {
    assertThat(lines("one\n", 100)).containsExactly("0@4:one");
    assertThat(lines("", 100)).isEmpty();
    assertThat(lines("\n", 100)).containsExactly("0@1:");
  }

  @Test
  void aCarriageReturnBelongsToTheEndOfALineOnly() throws IOException {
    assertThat(lines("a\r\nb\rc\r\n\r\n", 100)).containsExactly("0@3:a", "1@8:b\rc", "2@10:");
  }

  @Test
  void bytesThatAreNoTextSurvive() throws IOException {
    assertThat(lines("\u00ff\u00fe\u0000\u0080\n", 100))
        .containsExactly("0@5:\u00ff\u00fe\u0000\u0080");
  }

  @Test
  void aLongLineIsCutAndItsLengthKnown() throws IOException {
    assertThat(lines("123456\nab\n1234\r\n12345\r\n", 4))
        .containsExactly("0@7:1234+6", "1@10:ab", "2@16:1234", "3@23:1234+5");
  }

  @Test
  void linesAcrossBuffersAreWhole() throws IOException {
    String big = "x".repeat(200_000);

    assertThat(lines(big + "\n" + big, 1 << 20))
        .containsExactly("0@200001:" + big, "1@400001:" + big);
  }

  @Test
  void aFileThatEndsEarlyIsAnError() {
    byte[] bytes = "abc\n".getBytes(ISO_8859_1);

    assertThatThrownBy(
            () -> {
              try (LineReader reader =
                  new LineReader(new ByteArrayInputStream(bytes), 0, 0, 10, 100)) {
                while (reader.next()) {}
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ended 6 bytes early");
  }
}
