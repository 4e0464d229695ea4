package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.pipeline.PromptText.Pair;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PromptTextTest {
  /** Two characters to a token, so that a pair may be cut differently from its parts. */
  private static int[] pairs(String text) {
    int[] ids = new int[(text.length() + 1) / 2];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = text.substring(2 * i, Math.min(text.length(), 2 * i + 2)).hashCode();
    }
    return ids;
  }

  @Test
  void theContinuationIsWhatLiesBeyondTheContextsOwnTokens() {
    Pair pair = PromptText.pair("abc", "def", PromptTextTest::pairs);
    assertThat(pair.ids()).isEqualTo(pairs("abcdef"));
    assertThat(pair.scoreFrom()).isEqualTo(2);
  }

  @Test
  void spaceAtTheEndOfTheContextBelongsToTheContinuation() {
    Pair pair = PromptText.pair("ab \n\u00a0", "cd", PromptTextTest::pairs);
    assertThat(pair.ids()).isEqualTo(pairs("ab \n\u00a0cd"));
    assertThat(pair.scoreFrom()).isEqualTo(1);
  }

  @Test
  void aBeginTokenShiftsWhatIsScored() {
    Pair pair = PromptText.begunWith(9, new Pair(new int[] {1, 2}, 0));
    assertThat(pair.ids()).containsExactly(9, 1, 2);
    assertThat(pair.scoreFrom()).isEqualTo(1);
  }

  @Test
  void bytesAreCountedAsUtf8WritesThem() {
    String text = "aä€😀\0";
    assertThat(PromptText.utf8Bytes(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
  }

  @Test
  void firstIdOutsideTheVocabularyIsFound() {
    assertThat(PromptText.firstOutside(new int[] {0, 9, 10}, 10)).isEqualTo(2);
    assertThat(PromptText.firstOutside(new int[] {-1, 99}, 10)).isZero();
    assertThat(PromptText.firstOutside(new int[] {0, 9}, 10)).isEqualTo(-1);
  }
}
