package dev.drey.schemas.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MalformedRequestTest {
  private static final int MAX_BYTES = 20_000;

  private final RequestJsonCodec codec = new RequestJsonCodec(MAX_BYTES);

  static Stream<Arguments> notJson() {
    String deep = "[".repeat(9_000);
    return Stream.of(
        arguments("", Problem.EMPTY, "found no bytes"),
        arguments(" \n", Problem.EMPTY, "found white space"),
        arguments("\u0000", Problem.NOT_JSON, "line 1 column"),
        arguments("SECRET", Problem.NOT_JSON, "line 1 column"),
        arguments("{'prompt':'SECRET'}", Problem.NOT_JSON, "line 1 column 2"),
        arguments("{prompt:\"SECRET\"}", Problem.NOT_JSON, "line 1 column 2"),
        arguments("{\"prompt\":\"SECRET\",}", Problem.NOT_JSON, "line 1 column"),
        arguments("{\"prompt\":\"SECRET\nx\"}", Problem.NOT_JSON, "line 1 column"),
        arguments("{\"prompt\":/*x*/\"SECRET\"}", Problem.NOT_JSON, "line 1 column 11"),
        arguments("{\"prompt\":\"p\",\"max_tokens\":007}", Problem.NOT_JSON, "line 1 column"),
        arguments("\ufeff{\"prompt\":\"SECRET\"}", Problem.NOT_JSON, "a byte order mark"),
        arguments("[{\"prompt\":\"SECRET\"}]", Problem.NOT_JSON, "found an array"),
        arguments("\"SECRET\"", Problem.NOT_JSON, "found a string"),
        arguments("17", Problem.NOT_JSON, "found number 17"),
        arguments("null", Problem.NOT_JSON, "found null"),
        arguments("{\"prompt\":\"SECRET", Problem.TRUNCATED, "the end at line 1"),
        arguments("{\"prompt\":\"SECRET\"}{}", Problem.TRAILING_BYTES, "line 1 column"),
        arguments("{\"prompt\":\"SECRET\"} SECRET", Problem.TRAILING_BYTES, "line 1 column"),
        arguments(deep, Problem.NOT_JSON, "found an array"),
        arguments("{\"prompt\":" + deep, Problem.WRONG_TYPE, "found an array"),
        arguments("{\"x\":" + deep, Problem.UNKNOWN_FIELD, "x: expected one of custom_id, "),
        arguments("{\"" + "x".repeat(1001) + "\":1}", Problem.TOO_LARGE, "names of at most 1000"),
        arguments("{\"max_tokens\":" + "9".repeat(101) + "}", Problem.TOO_LARGE, "at most 100"),
        arguments(
            "{\"prompt\":\"" + "x".repeat(MAX_BYTES) + "\"}",
            Problem.TOO_LARGE,
            "at most 20000 bytes, found 20013 bytes"));
  }

  static Stream<Arguments> wrongFields() {
    return Stream.of(
        arguments("\"tempperature\":1", Problem.UNKNOWN_FIELD, "tempperature: expected one of "),
        arguments("\"Temperature\":1", Problem.UNKNOWN_FIELD, "Temperature: "),
        arguments("\"\\u0007\":1", Problem.UNKNOWN_FIELD, "?: "),
        arguments("\"prompt\":\"q\"", Problem.DUPLICATE_FIELD, "prompt: expected one value"),
        arguments(
            "\"max_tokens\":1,\"max_new_tokens\":1",
            Problem.DUPLICATE_FIELD,
            "max_tokens: expected one value, found two, as max_tokens and max_new_tokens"),
        arguments("\"n\":1,\"n\":1", Problem.DUPLICATE_FIELD, "n: "),
        arguments("\"text\":\"t\"", Problem.CONFLICTING_FIELDS, "found prompt and text"),
        arguments("\"prompt_token_ids\":[1]", Problem.CONFLICTING_FIELDS, "found prompt and"),
        arguments("\"context\":\"c\"", Problem.CONFLICTING_FIELDS, "found prompt and context"),
        arguments("\"messages\":[]", Problem.CONFLICTING_FIELDS, "found prompt and messages"));
  }

  static Stream<Arguments> wrongTypes() {
    return Stream.of(
        arguments("\"max_tokens\":\"SECRET\"", "max_tokens: expected an integer from -2147483648"),
        arguments("\"max_tokens\":1.5", "found number 1.5"),
        arguments("\"max_tokens\":16.0", "found number 16.0"),
        arguments("\"max_tokens\":1e2", "found number 1e2"),
        arguments("\"max_tokens\":2147483648", "to 2147483647, found number 2147483648"),
        arguments("\"max_tokens\":9223372036854775808", "found number 9223372036854775808"),
        arguments("\"max_new_tokens\":true", "max_new_tokens: expected an integer"),
        arguments("\"max_tokens\":[1]", "found an array"),
        arguments(
            "\"seed\":9223372036854775808", "seed: expected an integer from -922337203685477"),
        arguments("\"temperature\":NaN", "temperature: expected a finite number, found number NaN"),
        arguments("\"temperature\":Infinity", "found number Infinity"),
        arguments("\"temperature\":-Infinity", "found number -Infinity"),
        arguments("\"temperature\":1e999", "found number 1e999"),
        arguments("\"temperature\":\"0.7\"", "found a string"),
        arguments("\"temperature\":{}", "found an object"),
        arguments("\"ignore_eos\":1", "ignore_eos: expected true or false, found number 1"),
        arguments("\"ignore_eos\":\"true\"", "found a string"),
        arguments("\"logprobs\":true", "logprobs: expected an integer"),
        arguments("\"stop\":7", "stop: expected an array, found number 7"),
        arguments("\"stop\":[\"a\",7]", "stop[1]: expected a string, found number 7"),
        arguments("\"stop\":[null]", "stop[0]: expected a string, found null"),
        arguments("\"stop_token_ids\":[1,[2]]", "stop_token_ids[1]: expected an integer"),
        arguments("\"model\":{\"SECRET\":1}", "model: expected a string, found an object"),
        arguments("\"custom_id\":5", "custom_id: expected a string, found number 5"));
  }

  static Stream<Arguments> unsupported() {
    String said = "expected no such parameter, found one (it is not supported: ";
    return Stream.of(
        arguments("\"tools\":[]", "tools: expected it beside messages only, found it without"),
        arguments(
            "\"chat_template_kwargs\":{}", "chat_template_kwargs: expected it beside messages"),
        arguments("\"add_generation_prompt\":true", "add_generation_prompt: expected it beside"),
        arguments("\"chat_template\":\"SECRET\"", "chat_template: " + said + "the model's own"),
        arguments("\"reasoning_effort\":\"low\"", "reasoning_effort: " + said + "put it into"),
        arguments("\"n\":2", "n: expected 1, found number 2 (it is not supported: send one record"),
        arguments("\"n\":null", "n: expected 1, found null"),
        arguments("\"n\":1.0", "n: expected 1, found number 1.0"),
        arguments("\"best_of\":1", "best_of: " + said + "send one record per completion)"),
        arguments("\"stream\":false", "stream: " + said + "a result is one record)"),
        arguments("\"tool_choice\":\"auto\"", "tool_choice: " + said + "leave it out)"),
        arguments("\"response_format\":{\"type\":\"text\"}", "response_format: " + said),
        arguments("\"logit_bias\":{\"50256\":-100}", "logit_bias: " + said),
        arguments("\"echo\":true", "echo: " + said),
        arguments("\"suffix\":\"SECRET\"", "suffix: " + said),
        arguments("\"user\":\"SECRET\"", "user: " + said),
        arguments("\"top_logprobs\":5", "top_logprobs: " + said + "logprobs is the number"),
        arguments("\"prompt_logprobs\":5", "prompt_logprobs: " + said),
        arguments("\"guided_regex\":\"(a+)+b\"", "guided_regex: " + said));
  }

  static Stream<Arguments> batchLines() {
    String url = "\"url\":\"/v1/completions\"";
    return Stream.of(
        arguments(
            "{\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"prompt\":\"p\"}}",
            Problem.CONFLICTING_FIELDS,
            "url: expected /v1/completions for this body, found /v1/chat/completions"),
        arguments(
            "{\"method\":\"POST\"," + url + ",\"body\":{\"messages\":[]}}",
            Problem.CONFLICTING_FIELDS,
            "url: expected /v1/chat/completions for this body"),
        arguments(
            "{\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{}}",
            Problem.UNSUPPORTED_FIELD,
            "expected /v1/completions or /v1/chat/completions, found /v1/embeddings"),
        arguments(
            "{\"method\":\"GET\"," + url + ",\"body\":{\"prompt\":\"p\"}}",
            Problem.UNSUPPORTED_FIELD,
            "method: expected POST, found GET"),
        arguments("{\"body\":{\"prompt\":\"p\"}}", Problem.MISSING_FIELD, "found no method"),
        arguments("{\"method\":\"POST\"," + url + "}", Problem.MISSING_FIELD, "found no body"),
        arguments(
            "{\"method\":\"POST\"," + url + ",\"body\":{\"prompt\":\"p\"},\"seed\":1}",
            Problem.CONFLICTING_FIELDS,
            "seed: expected it in body"),
        arguments(
            "{\"method\":\"POST\"," + url + ",\"body\":{\"custom_id\":\"r\",\"prompt\":\"p\"}}",
            Problem.UNSUPPORTED_FIELD,
            "body.custom_id: expected it beside body"),
        arguments(
            "{\"method\":\"POST\"," + url + ",\"body\":{},\"body\":{\"prompt\":\"p\"}}",
            Problem.DUPLICATE_FIELD,
            "body: "),
        arguments(
            "{\"method\":\"POST\"," + url + ",\"body\":\"SECRET\"}",
            Problem.WRONG_TYPE,
            "body: expected an object, found a string"));
  }

  static Stream<Arguments> wrongMessages() {
    String user = "{\"role\":\"user\",\"content\":";
    String call =
        "{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":";
    return Stream.of(
        arguments("\"SECRET\"", Problem.WRONG_TYPE, "messages: expected an array, found a string"),
        arguments("[\"SECRET\"]", Problem.WRONG_TYPE, "messages[0]: expected an object"),
        arguments("[null]", Problem.WRONG_TYPE, "messages[0]: expected an object, found null"),
        arguments("[{}]", Problem.MISSING_FIELD, "messages[0].role: expected a value"),
        arguments("[{\"role\":5}]", Problem.WRONG_TYPE, "messages[0].role: expected a string"),
        arguments("[{\"role\":\"u\",\"role\":\"u\"}]", Problem.DUPLICATE_FIELD, "role: "),
        arguments("[{\"role\":\"u\",\"mood\":1}]", Problem.UNKNOWN_FIELD, "messages[0].mood: "),
        arguments("[" + user + "5}]", Problem.WRONG_TYPE, "messages[0].content: expected a string"),
        arguments(
            "[" + user + "{}}]", Problem.WRONG_TYPE, "messages[0].content: expected a string"),
        arguments("[" + user + "[5]}]", Problem.WRONG_TYPE, "content[0]: expected an object"),
        arguments(
            "[" + user + "[{}]}]", Problem.MISSING_FIELD, "content[0].text: expected a value"),
        arguments(
            "[" + user + "[{\"type\":\"image_url\",\"image_url\":{}}]}]",
            Problem.UNSUPPORTED_FIELD,
            "messages[0].content[0].type: expected parts of type text only"),
        arguments(
            "[" + user + "[{\"text\":\"a\",\"text\":\"SECRET\"}]}]",
            Problem.DUPLICATE_FIELD,
            "text"),
        arguments("[" + user + "\"\\ud800\"}]", Problem.INVALID_UTF8, "messages[0].content: "),
        arguments("[" + call + "5}}]}]", Problem.WRONG_TYPE, "arguments: expected a string"),
        arguments("[" + call + "{\"SECRET\":NaN}}}]}]", Problem.WRONG_TYPE, "finite numbers"),
        arguments(
            "[" + call + "{\"a\":{\"b\":1,\"b\":2}}}}]}]", Problem.DUPLICATE_FIELD, "arguments.b"),
        arguments("[" + call + "{\"a\":\"\\udc00\"}}}]}]", Problem.INVALID_UTF8, "arguments: "),
        arguments("[" + call + "{\"\\udc00\":1}}}]}]", Problem.INVALID_UTF8, "arguments: "),
        arguments("[],\"tools\":{}", Problem.WRONG_TYPE, "tools: expected an array"),
        arguments("[],\"tools\":[\"SECRET\"]", Problem.WRONG_TYPE, "tools[0]: expected an object"),
        arguments("[],\"tools\":[[]]", Problem.WRONG_TYPE, "tools[0]: expected an object"),
        arguments(
            "[],\"chat_template_kwargs\":[]", Problem.WRONG_TYPE, "kwargs: expected an object"),
        arguments("[],\"add_generation_prompt\":1", Problem.WRONG_TYPE, "expected true or false"),
        arguments("[],\"tools\":[" + "{\"a\":".repeat(70), Problem.TOO_LARGE, "64 levels"));
  }

  static Stream<Arguments> notUnicode() {
    return Stream.of(
        arguments("c0af", "invalid byte 0xc0 at offset 11"), // overlong
        arguments("eda080", "invalid byte 0xed at offset 11"), // surrogate
        arguments("80", "invalid byte 0x80 at offset 11"),
        arguments("ff", "invalid byte 0xff at offset 11"));
  }

  @ParameterizedTest
  @MethodSource({"notJson", "batchLines"})
  void aMalformedLineIsRefused(String line, Problem problem, String message) {
    refuses(line.getBytes(StandardCharsets.UTF_8), problem, message);
  }

  @ParameterizedTest
  @MethodSource("wrongFields")
  void aFieldThatShouldNotBeThereIsRefused(String fields, Problem problem, String message) {
    refusesBesidePrompt(fields, problem, message);
  }

  @ParameterizedTest
  @MethodSource("wrongTypes")
  void aValueOfAnotherTypeIsRefused(String fields, String message) {
    refusesBesidePrompt(fields, Problem.WRONG_TYPE, message);
  }

  @ParameterizedTest
  @MethodSource("unsupported")
  void whatIsNotSupportedIsRefusedByName(String fields, String message) {
    refusesBesidePrompt(fields, Problem.UNSUPPORTED_FIELD, message);
  }

  @ParameterizedTest
  @MethodSource("wrongMessages")
  void aConversationThatIsNoneIsRefused(String messages, Problem problem, String message) {
    refuses("{\"messages\":" + messages + "}", problem, message);
  }

  @ParameterizedTest
  @MethodSource("notUnicode")
  void bytesThatAreNotUtf8AreRefused(String hex, String message) {
    refuses(
        HexFormat.of().parseHex("7b2270726f6d7074223a22" + hex + "227d"),
        Problem.INVALID_UTF8,
        message);
  }

  @Test
  void escapedLoneSurrogatesAreRefused() {
    for (String escape : new String[] {"\\ud800", "\\udc00", "\\ud800\\ud800", "\\udc00\\ud800"}) {
      byte[] line = ("{\"prompt\":\"x" + escape + "\"}").getBytes(StandardCharsets.UTF_8);
      refuses(line, Problem.INVALID_UTF8, "prompt: expected well-formed Unicode");
    }
  }

  @Test
  void inputsThatAreIncompleteAreRefused() {
    refuses("{}", Problem.MISSING_FIELD, "input: expected exactly one of prompt, ");
    refuses("{\"continuation\":\"SECRET\"}", Problem.MISSING_FIELD, "found continuation alone");
    refuses("{\"prompt\":null}", Problem.MISSING_FIELD, "found none of them");
    refuses("{\"prompt\":[1,2]}", Problem.WRONG_TYPE, "token ids go to prompt_token_ids");
    refuses("{\"prompt\":[\"a\",\"b\"]}", Problem.WRONG_TYPE, "further prompts to records");
    refuses("{\"text\":\"SECRET\",\"seed\":1}", Problem.UNSUPPORTED_FIELD, "seed: ");
    refuses((byte[]) null, Problem.EMPTY, "found no value");
  }

  @Test
  void theCustomIdIsKnownWhereverItStands() {
    assertCustomId("{\"custom_id\":\"row\",\"prompt\":5}", "row");
    assertCustomId("{\"prompt\":5,\"x\":[{\"custom_id\":\"no\"}],\"custom_id\":\"row\"}", "row");
    assertCustomId("{\"custom_id\":\"row\",\"prompt\":\"p", "row");
    assertCustomId("{\"custom_id\":\"row\"}", "row");
    assertCustomId("{\"custom_id\":\"row\",\"prompt\":\"p\"} x", "row");
    assertCustomId("{\"prompt\":5, custom_id", null);
    assertCustomId("{\"prompt\":\"p\",\"custom_id\":7}", null);
    assertCustomId("[\"custom_id\",\"row\"]", null);
  }

  private void assertCustomId(String line, @Nullable String customId) {
    assertThat(refusal(line.getBytes(StandardCharsets.UTF_8)).customId().orElse(null))
        .isEqualTo(customId);
  }

  private void refusesBesidePrompt(String fields, Problem problem, String message) {
    refuses("{\"prompt\":\"SECRET\"," + fields + "}", problem, message);
  }

  private void refuses(String line, Problem problem, String message) {
    refuses(line.getBytes(StandardCharsets.UTF_8), problem, message);
  }

  private void refuses(byte @Nullable [] line, Problem problem, String message) {
    RecordFormatException refusal = refusal(line);
    assertThat(refusal).hasMessageContaining(message).hasNoCause();
    assertThat(refusal.problem()).isEqualTo(problem);
    assertThat(refusal.getMessage()).doesNotContain("SECRET");
  }

  private RecordFormatException refusal(byte @Nullable [] line) {
    RecordFormatException refusal =
        catchThrowableOfType(RecordFormatException.class, () -> codec.decode(line));
    assertThat(refusal).isNotNull();
    return refusal;
  }
}
