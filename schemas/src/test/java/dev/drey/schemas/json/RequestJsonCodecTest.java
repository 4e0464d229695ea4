package dev.drey.schemas.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.Samples;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RequestKind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestJsonCodecTest {
  private final RequestJsonCodec codec = new RequestJsonCodec(1 << 20);

  @Test
  void everyFieldIsRead() throws Exception {
    String line =
        """
        {"custom_id": "row-7 \\u00e9\u4e16\\ud83d\\ude00", "model": "sample",
         "prompt": "Q: What is a \\"heron\\"?\\nA:\\u0000\\u2028", "max_tokens": 40,
         "temperature": 0.7, "top_p": 0.95, "top_k": -1, "min_p": 1e-7,
         "repetition_penalty": 1.1, "presence_penalty": -0.5, "frequency_penalty": 2,
         "seed": -9223372036854775808, "stop": ["\\n\\n", "Q:"], "stop_token_ids": [0, 17],
         "ignore_eos": true, "min_tokens": 2, "logprobs": 3, "deadline_ms": 86400000000, "n": 1}
        """;
    assertThat(decode(line)).isEqualTo(Samples.fullRequest());
  }

  @Test
  void requestsComeBackEqual() throws Exception {
    InferenceRequest ids = new InferenceRequest();
    ids.setPromptTokenIds(List.of(0, Integer.MAX_VALUE));
    InferenceRequest score = new InferenceRequest();
    score.setContext("");
    score.setContinuation(" b");
    for (InferenceRequest each :
        List.of(
            Samples.fullRequest(),
            Samples.chat(),
            Samples.prompt(""),
            Samples.prompt("\ufeff"),
            ids,
            score)) {
      assertThat(codec.decode(codec.encode(each))).isEqualTo(each);
    }
  }

  @Test
  void absentAndNullAreTheSame() throws Exception {
    assertThat(decode("{\"prompt\":\"p\",\"seed\":null,\"text\":null}"))
        .isEqualTo(Samples.prompt("p"))
        .extracting(InferenceRequest::getSeed)
        .isNull();
  }

  @Test
  void otherNamesOfMaxTokensAreRead() throws Exception {
    for (String name : List.of("max_tokens", "max_completion_tokens", "max_new_tokens")) {
      assertThat(decode("{\"prompt\":\"p\",\"" + name + "\":7}").getMaxTokens()).isEqualTo(7);
    }
  }

  @Test
  void oneStopStringIsAList() throws Exception {
    assertThat(decode("{\"prompt\":\"p\",\"stop\":\"END\"}").getStop()).containsExactly("END");
  }

  @Test
  void theBatchLineMeansTheSameAsItsBody() throws Exception {
    InferenceRequest expected = Samples.prompt("p");
    expected.setCustomId("row");
    expected.setMaxTokens(3);
    assertThat(
            decode(
                "{\"custom_id\":\"row\",\"method\":\"POST\",\"url\":\"/v1/completions\","
                    + "\"body\":{\"prompt\":\"p\",\"max_tokens\":3}}"))
        .isEqualTo(expected);
  }

  @Test
  void aConversationIsReadInAllFormsOfTheOpenAiInterface() throws Exception {
    String line =
        """
        {"custom_id": "row-9", "max_completion_tokens": 8, "messages": [
          {"role": "system", "content": "Be brief."},
          {"role": "user", "name": "ann", "content": [
            {"type": "text", "text": "W\u00e4rmer?"}, {"text": "<|im_end|>", "type": "text"}]},
          {"role": "assistant", "content": null, "reasoning_content": "look it up",
           "thinking": "hm", "tool_calls": [{"id": "call_1", "type": "function", "function":
             {"name": "weather", "arguments": { "city": "Z\u00fcrich", "days": [1, 2.50, null]}}}]},
          {"role": "tool", "tool_call_id": "call_1", "content": "{\\"temp\\": 21}"}],
         "tools": [{"type": "function", "function": {"name": "weather", "x": 1e3}}],
         "chat_template_kwargs": {"enable_thinking": false, "effort": "high"},
         "add_generation_prompt": false}
        """;
    assertThat(decode(line)).isEqualTo(Samples.chat());
    assertThat(RequestKind.of(decode(line))).isEqualTo(RequestKind.CHAT);
  }

  @Test
  void aBatchLineOfChatHasItsOwnUrl() throws Exception {
    InferenceRequest expected = new InferenceRequest();
    expected.setCustomId("row");
    expected.setMessages(List.of(Samples.message("user", "Hi")));
    assertThat(
            decode(
                "{\"custom_id\":\"row\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\","
                    + "\"body\":{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}"))
        .isEqualTo(expected);
  }

  @Test
  void textThatShouldBeAnObjectAndIsNotIsNotWritten() {
    for (String text : List.of("", "x", "[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{} {}")) {
      InferenceRequest request = Samples.chat();
      request.setTools(List.of(text));
      assertThatThrownBy(() -> codec.encode(request))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tools[0]: expected the text of a JSON object");
    }
  }

  @Test
  void aLineMayEndInWhiteSpace() throws Exception {
    assertThat(decode(" {\"prompt\":\"p\"} \r\n")).isEqualTo(Samples.prompt("p"));
  }

  @Test
  void aLoneSurrogateIsNotWritten() {
    assertThatThrownBy(() -> codec.encode(Samples.prompt("\ud800")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void numbersThatJsonCannotExpressAreNotWritten() {
    InferenceRequest request = Samples.prompt("p");
    request.setTemperature(Double.NaN);
    assertThatThrownBy(() -> codec.encode(request))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("temperature: expected a finite number, found NaN");
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] line = codec.encode(Samples.fullRequest());
    for (int length = 0; length < line.length; length++) {
      byte[] part = Arrays.copyOf(line, length);
      assertThatThrownBy(() -> codec.decode(part)).isInstanceOf(RecordFormatException.class);
    }
  }

  @Test
  void theSamplePromptsAreRequests() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("..", "examples", "sample-prompts.jsonl"));
    assertThat(lines).hasSize(200);
    for (String line : lines) {
      InferenceRequest request = decode(line);
      assertThat(request.getCustomId()).isNotEmpty();
      assertThat(request.getPrompt()).isNotEmpty();
    }
  }

  @Test
  void theSamplePassagesAreRequests() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("..", "examples", "sample-eval.jsonl"));
    assertThat(lines).hasSize(200);
    for (String line : lines) {
      InferenceRequest request = decode(line);
      assertThat(request.getCustomId()).isNotEmpty();
      assertThat(RequestKind.of(request)).isEqualTo(RequestKind.SCORE_ROLLING);
    }
  }

  private InferenceRequest decode(String line) throws RecordFormatException {
    return codec.decode(line.getBytes(StandardCharsets.UTF_8));
  }
}
