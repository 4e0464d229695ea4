package dev.drey.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  private final Path dir;

  TokenizerTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte_level_bpe", "spm_bpe_byte_fallback"})
  void encodesAndDecodesExactlyAsTheReference(String name) {
    GoldenTokenizer golden = GoldenTokenizer.read(name);
    assertThat(golden.encode()).hasSizeGreaterThan(50);
    try (Tokenizer tokenizer = Tokenizer.open(golden.directory())) {
      assertThat(tokenizer.vocabulary()).isEqualTo(golden.vocabulary());
      for (GoldenTokenizer.Encoded c : golden.encode()) {
        assertThat(tokenizer.encode(c.text())).as(c.text()).isEqualTo(c.ids());
        assertThat(tokenizer.encode(c.text(), true)).as(c.text()).isEqualTo(c.idsWithSpecial());
        assertThat(tokenizer.decode(c.ids(), false)).isEqualTo(c.decoded());
      }
      for (GoldenTokenizer.Decoded c : golden.decode()) {
        assertThat(tokenizer.decode(c.ids(), true)).isEqualTo(c.textWithoutSpecial());
        if (!c.text().isEmpty()) {
          assertThat(tokenizer.decode(c.ids(), false)).isEqualTo(c.text());
        }
      }
    }
  }

  @Test
  void theTextOfASpecialTokenBecomesThatToken() {
    try (Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel())) {
      int[] ids = tokenizer.encode("<|im_start|>user\nHello<|im_end|>\n");
      assertThat(ids[0]).isEqualTo(1);
      assertThat(ids).contains(2);
      assertThat(tokenizer.isSpecial(1)).isTrue();
      assertThat(tokenizer.isSpecial(ids[1])).isFalse();
      assertThat(tokenizer.decode(ids, false)).isEqualTo("<|im_start|>user\nHello<|im_end|>\n");
      assertThat(tokenizer.decode(ids, true)).isEqualTo("user\nHello\n");
      assertThat(tokenizer.vocabulary()).isEqualTo(4096);
      tokenizer.requireWithin(4096);
      assertThatThrownBy(() -> tokenizer.requireWithin(4095))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("vocabulary of 4095, found ids up to 4095");
    }
  }

  @Test
  void tokensAreAddedAroundATextOnlyWhereTheTokenizerHasSomeAndTheyAreAskedFor() {
    Path golden = Fixtures.golden("tokenizers/spm_bpe_byte_fallback");
    try (Tokenizer tokenizer = Tokenizer.open(golden)) {
      int[] plain = tokenizer.encode("mat");
      int[] begun = tokenizer.encode("mat", true);
      assertThat(begun).startsWith(1).hasSize(plain.length + 1).endsWith(plain);
      assertThat(tokenizer.encode("", true)).containsExactly(1);
    }
    try (Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel())) {
      assertThat(tokenizer.encode("Hello", true)).isEqualTo(tokenizer.encode("Hello"));
    }
  }

  @Test
  void aLongTextIsNeitherCutNorPadded() {
    try (Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel())) {
      int[] line = tokenizer.encode("one two three\n");
      int[] all = tokenizer.encode("one two three\n".repeat(5000));
      assertThat(all).hasSize(5000 * line.length);
      assertThat(tokenizer.decode(all, false)).isEqualTo("one two three\n".repeat(5000));
      assertThat(tokenizer.encode("")).isEmpty();
    }
  }

  @Test
  void everyCharacterSurvivesTheWayThereAndBack() {
    StringBuilder text = new StringBuilder();
    for (int c = 0; c < 0x300; c++) {
      text.appendCodePoint(c);
    }
    text.append("\u0000 zero \ud83d\ude42 \ud834\udd1e \u4eca\u65e5 \ufffd end");
    try (Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel())) {
      String normal = Normalizer.normalize(text, Normalizer.Form.NFC);
      assertThat(tokenizer.decode(tokenizer.encode(text.toString()), false))
          .isIn(text.toString(), normal);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\ud83d", "a\ud83d", "a\ude42b", "\ud83d\ud83d\ude42", "\ude42\ud83d"})
  void halfASurrogatePairIsRefused(String text) {
    try (Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel())) {
      assertThatThrownBy(() -> tokenizer.encode(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("half a surrogate pair");
    }
  }

  @Test
  void idsWithoutATokenHaveNoText() {
    try (Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel())) {
      int[] ids = tokenizer.encode("Hello");
      int[] more = Arrays.copyOf(ids, ids.length + 3);
      more[ids.length] = 4096;
      more[ids.length + 1] = Integer.MAX_VALUE;
      more[ids.length + 2] = -1;
      assertThat(tokenizer.decode(more, false)).isEqualTo("Hello");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte_level_bpe", "spm_bpe_byte_fallback"})
  void manyThreadsUseOneTokenizerAtOnce(String name) throws Exception {
    GoldenTokenizer golden = GoldenTokenizer.read(name);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Tokenizer tokenizer = Tokenizer.open(golden.directory())) {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int thread = 0; thread < 8; thread++) {
        int seed = thread;
        tasks.add(
            () -> {
              Random random = new Random(seed);
              for (int i = 0; i < 300; i++) {
                GoldenTokenizer.Encoded c =
                    golden.encode().get(random.nextInt(golden.encode().size()));
                assertThat(tokenizer.encode(c.text())).isEqualTo(c.ids());
                assertThat(tokenizer.decode(c.ids(), false)).isEqualTo(c.decoded());
              }
              return seed;
            });
      }
      for (Future<Integer> done : threads.invokeAll(tasks)) {
        done.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void closingTwiceIsHarmlessAndAClosedTokenizerSaysSo() {
    Tokenizer tokenizer = Tokenizer.open(Fixtures.sampleModel());
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          nothing                                                              | invalid JSON
          []                                                                | an object
          {}                                                                | at least one token
          {"model":{"vocab":[]}}                                            | an object
          {"model":{"vocab":{"a":-1}}}                                      | found '-1'
          {"model":{"vocab":{"a":2147483647}}}                              | 0 to 16777215
          {"model":{"vocab":{"a":"x"}}}                                     | token id
          {"model":{"vocab":{"a":0}},"added_tokens":[{"content":"b"}]}      | added token 'b'
          {"model":{"vocab":{"a":0}}}                                       | key 'decoder'
          {"model":{"vocab":{"a":0}},"decoder":{"type":"WordPiece"}}        | [WordPiece]
          {"model":{"vocab":{"0":0}},"decoder":{"type":"ByteFallback"}}     | single letter
          {"model":{"vocab":{"a":0}},"decoder":{"type":"ByteLevel"}}        | the library
          """)
  void aTokenizerThatCannotBeUsedIsRefused(String json, String expected) throws IOException {
    Files.writeString(dir.resolve("tokenizer.json"), json);
    assertRefused(expected);
  }

  @Test
  void aMissingTokenizerIsRefused() {
    assertRefused("expected a file, found none");
  }

  @Test
  void aFlippedBitIsRefusedOrHarmless() throws IOException {
    byte[] content =
        Files.readAllBytes(Fixtures.golden("tokenizers/byte_level_bpe").resolve("tokenizer.json"));
    Random random = new Random(3);
    int refused = 0;
    for (int i = 0; i < 60; i++) {
      int bit = random.nextInt(8 * content.length);
      content[bit / 8] ^= (byte) (1 << (bit % 8));
      Files.write(dir.resolve("tokenizer.json"), content);
      content[bit / 8] ^= (byte) (1 << (bit % 8));
      try (Tokenizer tokenizer = Tokenizer.open(dir)) {
        assertThat(tokenizer.encode("Hello world")).isNotNull();
      } catch (ModelFileException e) {
        assertThat(e).hasMessageContaining("tokenizer.json");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(20);
  }

  private void assertRefused(String expected) {
    assertThatThrownBy(() -> Tokenizer.open(dir))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(dir.toString())
        .hasMessageContaining(expected);
  }
}
