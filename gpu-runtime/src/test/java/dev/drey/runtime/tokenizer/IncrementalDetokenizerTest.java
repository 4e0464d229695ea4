package dev.drey.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.safetensors.Fixtures;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncrementalDetokenizerTest {
  private static final String TEXT =
      "Hello world, 今日は \ud83d\ude42\ud83d\udc4d\ud83c\udffd naïve \u0301e… <|im_end|></s> done";

  static Path directory(String name) {
    return name.equals("sample") ? Fixtures.sampleModel() : Fixtures.golden("tokenizers/" + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte_level_bpe", "spm_bpe_byte_fallback", "sample"})
  void piecesOfRandomIdsAreTogetherTheTextOfAll(String name) {
    try (Tokenizer tokenizer = Tokenizer.open(directory(name))) {
      Random random = new Random(17);
      for (int i = 0; i < 300; i++) {
        int[] ids = randomIds(random, tokenizer);
        assertPiecesMakeTheWhole(tokenizer, ids, i % 2 == 0);
      }
    }
  }

  /** Ids of all kinds, half of the time mostly those of single bytes, to cut characters. */
  private static int[] randomIds(Random random, Tokenizer tokenizer) {
    int most = random.nextBoolean() ? 300 : tokenizer.vocabulary() + 10;
    return random.ints(1 + random.nextInt(60), 0, most).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte_level_bpe", "spm_bpe_byte_fallback", "sample"})
  void piecesOfWellFormedTextHoldNoReplacementCharacter(String name) {
    try (Tokenizer tokenizer = Tokenizer.open(directory(name))) {
      int[] ids = tokenizer.encode(TEXT);
      IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(tokenizer, false);
      int pieces = 0;
      for (int id : ids) {
        String piece = detokenizer.append(id);
        assertThat(piece).doesNotContain("\ufffd");
        pieces += piece.isEmpty() ? 0 : 1;
      }
      detokenizer.finish();
      assertThat(detokenizer.text()).isEqualTo(tokenizer.decode(ids, false)).contains("今日は");
      assertThat(pieces).isGreaterThan(10);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte_level_bpe", "spm_bpe_byte_fallback"})
  void piecesOfTheGoldenIdsAreTogetherTheirText(String name) {
    GoldenTokenizer golden = GoldenTokenizer.read(name);
    try (Tokenizer tokenizer = Tokenizer.open(golden.directory())) {
      for (GoldenTokenizer.Decoded c : golden.decode()) {
        assertPiecesMakeTheWhole(tokenizer, c.ids(), true);
        assertPiecesMakeTheWhole(tokenizer, c.ids(), false);
      }
    }
  }

  @Test
  void plainTextIsGivenTokenByToken() {
    try (Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel())) {
      IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(tokenizer, true);
      for (int id : tokenizer.encode("The quick brown fox")) {
        assertThat(detokenizer.append(id)).isEqualTo(tokenizer.decode(new int[] {id}, true));
      }
      assertThat(detokenizer.finish()).isEmpty();
      assertThat(detokenizer.text()).isEqualTo("The quick brown fox");
    }
  }

  @Test
  void aSpaceIsDroppedAtTheStartOnlyByATokenizerThatPutsOneThere() {
    try (Tokenizer tokenizer = Tokenizer.open(directory("spm_bpe_byte_fallback"))) {
      int space = 391;
      int[] ids = {space, space, 1, space, tokenizer.encode("mat")[0], 2, space};
      assertPiecesMakeTheWhole(tokenizer, ids, true);
      IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(tokenizer, true);
      assertThat(detokenizer.append(space)).isEmpty();
      assertThat(detokenizer.append(space)).isEqualTo(" ");
      assertThat(detokenizer.append(1)).isEmpty();
      assertThat(detokenizer.append(space)).isEqualTo(" ");
    }
  }

  @Test
  void aCharacterCutByTheEndIsHeldBackUntilTheEnd() {
    try (Tokenizer tokenizer = Tokenizer.open(directory("byte_level_bpe"))) {
      IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(tokenizer, true);
      assertThat(detokenizer.append(160)).isEmpty();
      assertThat(detokenizer.append(119)).isEmpty();
      assertThat(detokenizer.text()).isEmpty();
      assertThat(detokenizer.finish()).isEqualTo("\ufffd");
      assertThat(detokenizer.text()).isEqualTo("\ufffd");
      assertThat(detokenizer.finish()).isEmpty();
    }
  }

  @Test
  void endlessMalformedBytesAreGivenAsTheyComeAndNotDecodedOverAndOver() {
    try (Tokenizer tokenizer = Tokenizer.open(directory("byte_level_bpe"))) {
      int[] pattern = {160, 119, 160, 167, 160, 160, 119};
      int[] ids = IntStream.range(0, 4000).map(i -> pattern[i % pattern.length]).toArray();
      IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(tokenizer, true);
      int longestGap = 0;
      int gap = 0;
      for (int id : ids) {
        gap = detokenizer.append(id).isEmpty() ? gap + 1 : 0;
        longestGap = Math.max(longestGap, gap);
        assertThat(detokenizer.windowSize()).isLessThan(20);
      }
      assertThat(longestGap).isLessThan(4);
      detokenizer.finish();
      assertThat(detokenizer.text()).isEqualTo(tokenizer.decode(ids, true));
    }
  }

  private static void assertPiecesMakeTheWhole(
      Tokenizer tokenizer, int[] ids, boolean skipSpecialTokens) {
    IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(tokenizer, skipSpecialTokens);
    StringBuilder pieces = new StringBuilder();
    for (int i = 0; i < ids.length; i++) {
      pieces.append(detokenizer.append(ids[i]));
      String soFar = tokenizer.decode(Arrays.copyOf(ids, i + 1), skipSpecialTokens);
      if (!soFar.contains("\ufffd")) {
        assertThat(soFar).startsWith(pieces);
      }
    }
    assertThat(detokenizer.text()).isEqualTo(pieces.toString());
    pieces.append(detokenizer.finish());
    assertThat(pieces).hasToString(tokenizer.decode(ids, skipSpecialTokens));
    assertThat(detokenizer.text()).isEqualTo(pieces.toString());
  }
}
