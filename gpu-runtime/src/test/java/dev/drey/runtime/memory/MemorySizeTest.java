package dev.drey.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
  @ParameterizedTest
  @CsvSource({
    "4096, 4096",
    "4096 b, 4096",
    "2k, 2048",
    "1.5 KiB, 1536",
    "3MB, 3145728",
    "2g, 2147483648",
    "1TiB, 1099511627776"
  })
  void readsBytesWithUnits(String text, long bytes) {
    assertThat(MemorySize.parse(text)).isEqualTo(MemorySize.ofBytes(bytes));
  }

  @Test
  void takesPercentagesOfTheWhole() {
    assertThat(MemorySize.parse("25%").of(1000)).isEqualTo(250);
    assertThat(MemorySize.parse("100 %").of(1000)).isEqualTo(1000);
    assertThat(MemorySize.ofBytes(7).of(1000)).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "lots", "-1", "1x", "%", "101%", "1e9", "12 parsecs"})
  void refusesAnythingElse(String text) {
    assertThatThrownBy(() -> MemorySize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }
}
