package dev.drey.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictUtf8Test {

  @ParameterizedTest
  @CsvSource({
    "80, 0", // stray continuation
    "61c080, 1", // overlong U+0000
    "c1bf, 0", // overlong U+007F
    "e09fbf, 0", // overlong U+07FF
    "f08fbfbf, 0", // overlong U+FFFF
    "eda080, 0", // high surrogate
    "edbfbf, 0", // low surrogate
    "f4908080, 0", // above U+10FFFF
    "ff, 0",
    "c3a9e2, 2", // ends early
    "e28261, 0"
  })
  void whatIsNotUtf8IsFound(String hex, int at) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThat(StrictUtf8.firstInvalid(bytes, 0, bytes.length)).isEqualTo(at);
  }

  @Test
  void theWholeOfUnicodeIsAccepted() {
    StringBuilder text = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        text.appendCodePoint(c);
      }
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    assertThat(StrictUtf8.firstInvalid(bytes, 0, bytes.length)).isEqualTo(-1);
    bytes[bytes.length - 1] = 'x';
    assertThat(StrictUtf8.firstInvalid(bytes, 0, bytes.length)).isEqualTo(bytes.length - 4);
  }

  @Test
  void onlyTheRangeIsLookedAt() throws Exception {
    byte[] bytes = HexFormat.of().parseHex("ffc3a9ff");
    assertThat(StrictUtf8.decode("field", bytes, 1, 2)).isEqualTo("\u00e9");
    assertThat(StrictUtf8.firstInvalid(bytes, 1, 3)).isEqualTo(2);
  }
}
