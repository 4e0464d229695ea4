package dev.drey.schemas.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.Samples;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonCodecTest {
  private static final String LETTER =
      "{\"id\":\"a-0\",\"error_class\":\"e\",\"message\":\"m\",\"retriable\":true,"
          + "\"source\":\"a\",\"partition\":0,\"offset\":0";

  private final JsonCodec<InferenceResult> results = JsonCodec.results(1 << 20);
  private final JsonCodec<DeadLetter> deadLetters = JsonCodec.deadLetters(1 << 20);

  @Test
  void recordsComeBackEqual() throws Exception {
    for (InferenceResult each : List.of(Samples.generated(), Samples.scored())) {
      assertThat(results.decode(results.encode(each))).isEqualTo(each);
    }
    for (DeadLetter each : List.of(Samples.deadLetter(), Samples.smallDeadLetter())) {
      assertThat(deadLetters.decode(deadLetters.encode(each))).isEqualTo(each);
    }
  }

  @Test
  void fieldsStandInTheOrderOfTheSchemaAndAbsentOnesAreLeftOut() {
    assertThat(text(results.encode(Samples.scored())))
        .isEqualTo(
            "{\"id\":\"scores.jsonl-1\",\"model\":\"sample\",\"model_digest\":\"9f86d081884c7d65\","
                + "\"token_ids\":[4,1],\"loglikelihood\":-3.0000001,\"is_greedy\":false,"
                + "\"token_logprobs\":[-1.0,-2.0000002],"
                + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":0,\"total_tokens\":9}}");
  }

  @Test
  void bytesThatAreTextAreAlsoShownAsText() {
    assertThat(text(deadLetters.encode(Samples.deadLetter())))
        .contains("\"key_base64\":\"/wAB\",\"value_base64\":\"")
        .contains("\"value_text\":\"{\\\"prompt\\\" \u00fc\"")
        .doesNotContain("key_text")
        .endsWith(
            "\"headers\":[{\"name\":\"traceparent\",\"value_base64\":\"MDAtYWI=\","
                + "\"value_text\":\"00-ab\"},{\"name\":\"traceparent\",\"value_base64\":\"\","
                + "\"value_text\":\"\"},{\"name\":\"none\"}]}");
  }

  @Test
  void numbersAreTheShortestTextOfTheirValueOnEveryJdk() {
    InferenceResult result = Samples.scored();
    result.setLoglikelihood(0x1p-44); // Double.toString of JDK 17 says 5.6843418860808015E-14
    result.setTokenLogprobs(List.of(1.0e23f, 3.3554432e7f, 0.002f, -0f));
    assertThat(text(results.encode(result)))
        .contains("\"loglikelihood\":5.684341886080802E-14,")
        .contains("\"token_logprobs\":[1.0E23,3.3554432E7,0.002,-0.0]");
  }

  @Test
  void everyFiniteFloatComesBack() throws Exception {
    Random random = new Random(7);
    List<Float> floats = new ArrayList<>(List.of(Float.MIN_VALUE, Float.MAX_VALUE, -0f));
    while (floats.size() < 20_000) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(value)) {
        floats.add(value);
      }
    }
    InferenceResult result = Samples.scored();
    result.setTokenLogprobs(floats);
    assertThat(results.decode(results.encode(result)).getTokenLogprobs()).isEqualTo(floats);
  }

  @Test
  void lettersOutsideTheBasicPlaneAreNotEscaped() {
    InferenceResult result = Samples.scored();
    result.setText("\ud83d\ude00\n\u0001");
    assertThat(text(results.encode(result))).contains("\"text\":\"\ud83d\ude00\\n\\u0001\"");
  }

  @Test
  void aResultThatJsonCannotExpressIsNotWritten() {
    InferenceResult infinite = Samples.scored();
    infinite.setTokenLogprobs(List.of(-1f, Float.NEGATIVE_INFINITY));
    assertThatThrownBy(() -> results.encode(infinite))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("token_logprobs[1]: expected a finite number, found -Infinity");
    InferenceResult nameless = Samples.scored();
    nameless.setId(null);
    assertThatThrownBy(() -> results.encode(nameless))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("id: expected a value, found null");
  }

  @Test
  void textAloneStandsForTheBytesOfADeadLetter() throws Exception {
    DeadLetter letter = read(LETTER + ",\"value_text\":\"\u00fc\"}");
    assertThat(letter.getValue()).isEqualTo(Samples.text("\u00fc"));
    assertThat(letter.getKey()).isNull();
    assertThat(letter.getHeaders()).isEmpty();
  }

  @Test
  void aMalformedDeadLetterIsRefused() {
    refuses(LETTER, Problem.TRUNCATED, "the end");
    refuses("{\"id\":\"a-0\"}", Problem.MISSING_FIELD, "error_class: ");
    refuses(LETTER + ",\"value\":\"x\"}", Problem.UNKNOWN_FIELD, "value: ");
    refuses(LETTER + ",\"id_text\":\"x\"}", Problem.UNKNOWN_FIELD, "id_text: ");
    refuses(LETTER + ",\"value_base64\":\"?\"}", Problem.MALFORMED, "value_base64: ");
    refuses(LETTER + ",\"value_base64\":7}", Problem.WRONG_TYPE, "value_base64: ");
    refuses(
        LETTER + ",\"value_text\":\"a\",\"value_base64\":\"\"}",
        Problem.CONFLICTING_FIELDS,
        "value: ");
    refuses(LETTER + ",\"key_text\":\"\",\"key_text\":\"\"}", Problem.DUPLICATE_FIELD, "key_text");
    refuses(LETTER + ",\"headers\":[{}]}", Problem.MISSING_FIELD, "headers[0].name: ");
    refuses(LETTER + ",\"headers\":[7]}", Problem.WRONG_TYPE, "headers[0]: expected an object");
    refuses(LETTER + ",\"headers\":null}", Problem.WRONG_TYPE, "headers: expected an array");
  }

  private void refuses(String line, Problem problem, String message) {
    assertThatExceptionOfType(RecordFormatException.class)
        .isThrownBy(() -> read(line))
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.problem()).isEqualTo(problem));
  }

  private DeadLetter read(String line) throws RecordFormatException {
    return deadLetters.decode(line.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(byte[] line) {
    return new String(line, StandardCharsets.UTF_8);
  }
}
