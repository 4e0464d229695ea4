package dev.drey.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.drey.runtime.safetensors.HostileInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any bytes as a model's {@code tokenizer.json}. */
class TokenizerFuzzTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  static Path dir;

  @FuzzTest(maxDuration = "2m")
  void aTokenizerIsReadOrRefused(byte[] input) {
    try {
      Files.write(dir.resolve("tokenizer.json"), input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    HostileInput.reads(dir, () -> use(dir));
  }

  private static void use(Path directory) {
    try (Tokenizer tokenizer = Tokenizer.open(directory)) {
      for (int id : tokenizer.encode("Hello <s> w\u00f6rld \ud83d\ude42", true)) {
        assertThat(tokenizer.hasToken(id)).isTrue();
      }
      int[] ids = {0, 1, 2, 3, 70, 71, tokenizer.vocabulary() - 1, tokenizer.vocabulary()};
      String whole = tokenizer.decode(ids, false);
      IncrementalDetokenizer pieces = new IncrementalDetokenizer(tokenizer, false);
      for (int id : ids) {
        pieces.append(id);
      }
      pieces.finish();
      assertThat(pieces.text()).isEqualTo(whole);
    }
  }

  @Test
  void damagedSeedsAreReadOrRefused() {
    HostileInput.damageSeeds(TokenizerFuzzTest.class, this::aTokenizerIsReadOrRefused);
  }
}
