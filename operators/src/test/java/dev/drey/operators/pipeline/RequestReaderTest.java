package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.slot.SamplingDefaults;
import dev.drey.operators.testing.ToyWorld;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.SequenceRequest.Kind;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.format.WireFormat;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The toy model has 128 token ids, one per character, and supports 2000 positions. */
class RequestReaderTest {
  private static final String CANARY = "Zebra-Secret";

  private final ToyWorld world = ToyWorld.create();
  private final RequestLimits limits = new RequestLimits(8000, 3000, 16, 400, 4, 20);

  @AfterEach
  void end() {
    world.close();
  }

  private RequestReader reader() {
    return PipelineOptions.builder(world.engines())
        .limits(limits)
        .modelNames(Set.of("alias"))
        .jobSeed(7)
        .build()
        .reader(world.engines().with(8, 1024).single());
  }

  private static SourceRecord record(byte @Nullable [] value) {
    return new SourceRecord(new byte[] {9}, value, List.of(), "topic", 3, 41, 5);
  }

  private Admission read(String json) {
    return reader().read(record(json.getBytes(StandardCharsets.UTF_8)));
  }

  private SequenceRequest accepted(String json) {
    Admission admission = read(json);
    assertThat(admission.deadLetter()).isNull();
    SequenceRequest request = admission.request();
    if (request == null) {
      throw new AssertionError("neither request nor dead letter");
    }
    return request;
  }

  static Stream<Arguments> badRecords() {
    String p = "{\"prompt\":\"" + CANARY + "\",";
    String long1990 = "x".repeat(1990);
    return Stream.of(
        bad("", "format.empty"),
        bad(CANARY, "format.not_json"),
        bad("[\"" + CANARY + "\"]", "format.not_json"),
        bad("{\"prompt\":\"" + CANARY, "format."),
        bad("{\"prompt\":\"" + CANARY + "\"} {}", "format."),
        bad("{\"prompt\":\"a\\ud800" + CANARY + "\"}", "format.invalid_utf8"),
        bad("{\"prompt\":5}", "format.wrong_type"),
        bad(p + "\"prompt\":\"again\"}", "format.duplicate_field"),
        bad(p + "\"colour\":1}", "format.unknown_field"),
        bad(p + "\"n\":2}", "format.unsupported_field"),
        bad(p + "\"messages\":[]}", "format."),
        bad(p + "\"max_tokens\":\"5\"}", "format.wrong_type"),
        bad(p + "\"max_tokens\":99999999999}", "format."),
        bad(p + "\"text\":\"b\"}", "format.conflicting_fields"),
        bad("{\"context\":\"" + CANARY + "\"}", "format.missing_field"),
        bad("{\"max_tokens\":4}", "format.missing_field"),
        bad("{\"text\":\"" + CANARY + "\",\"temperature\":1}", "format.unsupported_field"),
        bad("{\"prompt\":\"" + "x".repeat(9000) + "\"}", "format.too_large"),
        bad("{\"prompt\":\"" + "x".repeat(3001) + "\"}", "request.prompt_too_large"),
        bad("{\"prompt\":\"\"}", "request.empty_prompt"),
        bad("{\"prompt_token_ids\":[]}", "request.empty_prompt"),
        bad("{\"prompt_token_ids\":[5,128]}", "request.invalid_token_id"),
        bad("{\"prompt_token_ids\":[-1]}", "request.invalid_token_id"),
        bad(p + "\"model\":\"other\"}", "request.unknown_model"),
        bad(p + "\"deadline_ms\":5}", "request.unsupported_parameter"),
        bad(p + "\"max_tokens\":0}", "request.invalid_parameter"),
        bad(p + "\"max_tokens\":-1}", "request.invalid_parameter"),
        bad(p + "\"max_tokens\":401}", "request.invalid_parameter"),
        bad(p + "\"max_tokens\":2147483647}", "request.invalid_parameter"),
        bad(p + "\"temperature\":-0.1}", "request.invalid_parameter"),
        bad(p + "\"temperature\":1e999}", "format."),
        bad(p + "\"top_p\":0}", "request.invalid_parameter"),
        bad(p + "\"top_p\":1.01}", "request.invalid_parameter"),
        bad(p + "\"top_k\":-2}", "request.invalid_parameter"),
        bad(p + "\"min_p\":1.5}", "request.invalid_parameter"),
        bad(p + "\"repetition_penalty\":0}", "request.invalid_parameter"),
        bad(p + "\"presence_penalty\":2.5}", "request.invalid_parameter"),
        bad(p + "\"frequency_penalty\":-2.5}", "request.invalid_parameter"),
        bad(p + "\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", "request.invalid_parameter"),
        bad(p + "\"stop\":[\"\"]}", "request.invalid_parameter"),
        bad(p + "\"stop\":[\"" + "s".repeat(21) + "\"]}", "request.invalid_parameter"),
        bad(p + "\"stop_token_ids\":[128]}", "request.invalid_parameter"),
        bad(p + "\"min_tokens\":17}", "request.invalid_parameter"),
        bad(p + "\"min_tokens\":-1}", "request.invalid_parameter"),
        bad(p + "\"logprobs\":21}", "request.invalid_parameter"),
        bad(p + "\"logprobs\":-1}", "request.invalid_parameter"),
        bad("{\"prompt\":\"" + long1990 + "\",\"max_tokens\":11}", "request.context_exceeded"),
        bad("{\"prompt\":\"" + "x".repeat(2000) + "\"}", "request.context_exceeded"),
        bad("{\"prompt\":\"" + "x".repeat(1100) + "\"}", "request.pool_exceeded"),
        bad("{\"text\":\"" + "x".repeat(2001) + "\"}", "request.context_exceeded"),
        bad("{\"text\":\"x\"}", "request.nothing_to_score"),
        bad("{\"text\":\"\"}", "request.nothing_to_score"),
        bad("{\"context\":\"a\",\"continuation\":\"\"}", "request.nothing_to_score"),
        bad("{\"prompt\":\"" + CANARY + "!\"}", "request.tokenizer_failed"));
  }

  private static Arguments bad(String json, String errorClass) {
    return Arguments.of(json.length() > 60 ? json.substring(0, 60) + "…" : json, json, errorClass);
  }

  @ParameterizedTest(name = "{0} is {2}")
  @MethodSource("badRecords")
  void badRecordIsADeadLetter(String name, String json, String errorClass) {
    world.breakTokenizer();
    Admission admission = read(json);
    DeadLetter letter = admission.deadLetter();
    assertThat(admission.request()).isNull();
    if (letter == null) {
      throw new AssertionError("expected a dead letter");
    }
    assertThat(letter.getErrorClass()).startsWith(errorClass);
    assertThat(letter.getMessage()).doesNotContain(CANARY).isNotBlank();
    assertThat(letter.getValue().array()).isEqualTo(json.getBytes(StandardCharsets.UTF_8));
    assertThat(letter.getId()).isEqualTo("topic-3-41");
    assertThat(letter.getRetriable()).isEqualTo(errorClass.equals("request.pool_exceeded"));
  }

  private static final String TEMPLATE =
      """
      {%- for m in messages -%}
        {%- if m.role == 'villain' %}{{ raise_exception('no ' + m.role + 's') }}{% endif -%}
        <{{ m.role }}>{{ m.content if m.content is not none else m.tool_calls|tojson }}
      {%- endfor -%}
      {%- if tools %}{{ tools|tojson }}{% endif -%}
      {%- if mood is defined %}({{ mood }}){% endif -%}
      {%- if add_generation_prompt %}<assistant>{% endif -%}""";

  private String prompt(String json) {
    StringBuilder text = new StringBuilder();
    for (int id : accepted(json).promptIds()) {
      text.append((char) id);
    }
    return text.toString();
  }

  private DeadLetter refused(String json) {
    DeadLetter letter = read(json).deadLetter();
    if (letter == null) {
      throw new AssertionError("expected a dead letter");
    }
    return letter;
  }

  @Test
  void aConversationBecomesAPromptByTheModelsTemplate() {
    world.chatTemplate(TEMPLATE);
    String hi = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";
    assertThat(prompt(hi + "}")).isEqualTo("<user>Hi<assistant>");
    assertThat(prompt(hi + ",\"add_generation_prompt\":false}")).isEqualTo("<user>Hi");
    assertThat(prompt(hi + ",\"chat_template_kwargs\":{\"mood\":[1,null]}}"))
        .isEqualTo("<user>Hi([1, None])<assistant>");
    assertThat(prompt(hi + ",\"tools\":[{\"name\":\"f\"}],\"add_generation_prompt\":false}"))
        .isEqualTo("<user>Hi[{\"name\": \"f\"}]");
  }

  @Test
  void theArgumentsOfACallAreAnObjectForTheTemplateHoweverTheyAreWritten() {
    world.chatTemplate(TEMPLATE);
    String call =
        "{\"messages\":[{\"role\":\"a\",\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\","
            + "\"function\":{\"name\":\"f\",\"arguments\":%s}}]}],\"add_generation_prompt\":false}";
    String expected =
        "<a>[{\"id\": \"1\", \"type\": \"function\", "
            + "\"function\": {\"name\": \"f\", \"arguments\": %s}}]";
    assertThat(prompt(call.formatted("{\"x\":[1,2.50]}")))
        .isEqualTo(expected.formatted("{\"x\": [1, 2.5]}"))
        .isEqualTo(prompt(call.formatted("\"{\\\"x\\\": [1, 2.50]}\"")));
    assertThat(prompt(call.formatted("\"\""))).isEqualTo(expected.formatted("{}"));
    DeadLetter letter = refused(call.formatted("\"" + CANARY + "\""));
    assertThat(letter.getErrorClass()).isEqualTo("request.invalid_parameter");
    assertThat(letter.getMessage())
        .startsWith("messages[0].tool_calls[0].function.arguments: expected the text of a JSON")
        .doesNotContain(CANARY);
  }

  @Test
  void specialTokensAreAddedToPromptsButNotToConversationsAndScores() {
    world.chatTemplate(TEMPLATE);
    world.specialTokens("^");
    assertThat(prompt("{\"prompt\":\"Hi\"}")).isEqualTo("^Hi");
    assertThat(prompt("{\"messages\":[{\"role\":\"u\",\"content\":\"Hi\"}]}"))
        .isEqualTo("<u>Hi<assistant>");
    assertThat(prompt("{\"context\":\"a\",\"continuation\":\"b\"}")).isEqualTo("ab");
    assertThat(prompt("{\"text\":\"ab\"}")).isEqualTo("ab");
  }

  @Test
  void aConversationThatTheTemplateRefusesIsADeadLetterWithItsMessage() {
    world.chatTemplate(TEMPLATE);
    DeadLetter letter = refused("{\"messages\":[{\"role\":\"villain\",\"content\":\"x\"}]}");
    assertThat(letter.getErrorClass()).isEqualTo("request.conversation_refused");
    assertThat(letter.getMessage()).isEqualTo("the chat template says: no villains");
    assertThat(letter.getRetriable()).isFalse();
  }

  static Stream<Arguments> failingTemplates() {
    return Stream.of(
        Arguments.of(
            "a\n{{ messages[0].content + 1 }}", "chat template, line 2: + is not supported"),
        Arguments.of("{% include 'x' %}", "chat template, line 1: the tag 'include' is not"),
        Arguments.of("{{ ''.__class__ }}", "chat template, line 1: access to '__class__'"),
        Arguments.of(
            "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            "chat template, line 1: more than"));
  }

  @ParameterizedTest
  @MethodSource("failingTemplates")
  void aTemplateThatFailsIsADeadLetterThatQuotesNoPrompt(String template, String message) {
    world.chatTemplate(template);
    DeadLetter letter = refused("{\"messages\":[{\"role\":\"u\",\"content\":\"" + CANARY + "\"}]}");
    assertThat(letter.getErrorClass()).isEqualTo("request.chat_template_failed");
    assertThat(letter.getMessage()).startsWith(message).doesNotContain(CANARY);
  }

  @Test
  void whateverRenderingFailsWithIsADeadLetterThatQuotesNoPrompt() {
    RefusedRequestException refusal =
        catchThrowableOfType(
            RefusedRequestException.class,
            () ->
                RequestReader.rendered(
                    () -> {
                      throw new ArithmeticException(CANARY);
                    }));
    assertThat(refusal.problem()).isEqualTo(RequestProblem.CHAT_TEMPLATE_FAILED);
    assertThat(refusal).hasMessageContaining("ArithmeticException");
    assertThat(refusal.getMessage()).doesNotContain(CANARY);
  }

  @Test
  void aConversationNeedsATemplateAMessageAndRoom() {
    String hi = "{\"messages\":[{\"role\":\"u\",\"content\":\"Hi\"}]}";
    DeadLetter letter = refused(hi);
    assertThat(letter.getErrorClass()).isEqualTo("request.no_chat_template");
    assertThat(letter.getMessage()).contains("add chat_template.jinja");
    world.chatTemplate("{{ 'x' * 3001 }}");
    assertThat(refused(hi).getErrorClass()).isEqualTo("request.prompt_too_large");
    world.chatTemplate(" ");
    assertThat(refused("{\"messages\":[]}").getErrorClass()).isEqualTo("request.invalid_parameter");
    world.chatTemplate("");
    assertThat(refused(hi).getErrorClass()).isEqualTo("request.empty_prompt");
    world.chatTemplate(TEMPLATE);
    assertThat(
            refused(hi.replace("]}", "],\"chat_template_kwargs\":{\"messages\":[]}}")).getMessage())
        .isEqualTo("chat_template_kwargs.messages: expected no value for it, found one");
  }

  @Test
  void theTimeInAPromptIsTheRecordsOrTheJobsNeverTheClocks() {
    world.chatTemplate("{{ strftime_now('%Y-%m-%d %H:%M:%S') }}");
    String hi = "{\"messages\":[{\"role\":\"u\",\"content\":\"Hi\"}]}";
    byte[] value = hi.getBytes(StandardCharsets.UTF_8);
    SourceRecord timed = new SourceRecord(null, value, List.of(), "t", 0, 0, 1_767_225_599_999L);
    SourceRecord untimed = SourceRecord.of(value, "file", 0, 0);
    LocalDateTime day = LocalDateTime.of(2026, 11, 22, 0, 0);
    RequestTime own = new RequestTime(null, day);
    RequestTime fixed = new RequestTime(LocalDateTime.of(2020, 2, 3, 4, 5), day);
    assertThat(textOf(own, timed)).isEqualTo("2025-12-31 23:59:59");
    assertThat(textOf(own, untimed)).isEqualTo("2026-11-22 00:00:00");
    assertThat(textOf(fixed, timed)).isEqualTo("2020-02-03 04:05:00");
  }

  private String textOf(RequestTime time, SourceRecord record) {
    RequestReader reader =
        PipelineOptions.builder(world.engines())
            .time(time)
            .build()
            .reader(world.engines().single());
    SequenceRequest request = reader.read(record).request();
    StringBuilder text = new StringBuilder();
    for (int id : request == null ? new int[0] : request.promptIds()) {
      text.append((char) id);
    }
    return text.toString();
  }

  @Test
  void whatIsLeftOpenGetsWhatTheModelsAuthorsWant() {
    world.defaults(new SamplingDefaults(0.6, 0.95, 20, 0.05, 1.1, OptionalInt.of(70)));
    SamplingParams params = acceptedByJobWithoutNumber("{\"prompt\":\"abc\"}");
    assertThat(params)
        .isEqualTo(
            new SamplingParams(
                70,
                0.6,
                20,
                0.95,
                0.05,
                1.1,
                0,
                0,
                params.seed(),
                Set.of(),
                List.of(),
                false,
                0,
                -1));
    assertThat(acceptedByJobWithoutNumber("{\"prompt\":\"abc\",\"temperature\":0}").topK())
        .isEqualTo(20);
    assertThat(acceptedByJobWithoutNumber("{\"prompt\":\"abc\",\"max_tokens\":3}").maxTokens())
        .isEqualTo(3);
    assertThat(accepted("{\"prompt\":\"abc\"}").sampling().maxTokens())
        .as("the job's own number")
        .isEqualTo(16);
    world.defaults(new SamplingDefaults(1, 1, 0, 0, 1, OptionalInt.of(100_000)));
    assertThat(acceptedByJobWithoutNumber("{\"prompt\":\"abc\"}").maxTokens())
        .as("no more than a request may ask for")
        .isEqualTo(400);
  }

  private SamplingParams acceptedByJobWithoutNumber(String json) {
    RequestReader reader =
        PipelineOptions.builder(world.engines())
            .limits(new RequestLimits(8000, 3000, RequestLimits.MODEL_DEFAULT, 400, 4, 20))
            .build()
            .reader(world.engines().single());
    SequenceRequest request = reader.read(record(json.getBytes(StandardCharsets.UTF_8))).request();
    if (request == null) {
      throw new AssertionError("expected a request");
    }
    return request.sampling();
  }

  @Test
  void tombstoneIsADeadLetterWithoutValue() {
    DeadLetter letter = reader().read(record(null)).deadLetter();
    assertThat(letter).isNotNull();
    assertThat(letter == null ? "" : letter.getErrorClass()).isEqualTo("format.empty");
    assertThat(letter == null ? "" : letter.getValue()).isNull();
  }

  @Test
  void invalidUtf8IsADeadLetter() {
    byte[] value = "{\"prompt\":\"a_\"}".getBytes(StandardCharsets.UTF_8);
    value[12] = (byte) 0xc0;
    DeadLetter letter = reader().read(record(value)).deadLetter();
    assertThat(letter == null ? "" : letter.getErrorClass()).isEqualTo("format.invalid_utf8");
  }

  @Test
  void aNotANumberTemperatureInAvroIsADeadLetter() {
    InferenceRequest wire = new InferenceRequest();
    wire.setPrompt("abc");
    wire.setTemperature(Double.NaN);
    byte[] value = WireFormat.AVRO.requests(1000).encode(wire);
    RequestReader avro =
        PipelineOptions.builder(world.engines())
            .format(WireFormat.AVRO)
            .build()
            .reader(world.engines().single());
    DeadLetter letter = avro.read(record(value)).deadLetter();
    assertThat(letter == null ? "" : letter.getErrorClass()).isEqualTo("request.invalid_parameter");
  }

  @Test
  void theSendersNameIsInTheDeadLetter() {
    DeadLetter letter =
        read("{\"custom_id\":\"mine\",\"prompt\":\"a\",\"max_tokens\":0}").deadLetter();
    assertThat(letter == null ? "" : letter.getCustomId()).isEqualTo("mine");
  }

  @Test
  void whatIsLeftOpenGetsTheModelsValuesThenTheDefaults() {
    SamplingParams params = accepted("{\"prompt\":\"abc\"}").sampling();
    assertThat(params)
        .isEqualTo(
            new SamplingParams(
                16, 0, 0, 1, 0, 1, 0, 0, params.seed(), Set.of(), List.of(), false, 0, -1));
  }

  @Test
  void everyParameterArrives() {
    SequenceRequest request =
        accepted(
            "{\"prompt\":\"abc\",\"model\":\"alias\",\"max_tokens\":9,\"temperature\":0.5,"
                + "\"top_p\":0.9,\"top_k\":-1,\"min_p\":0.1,\"repetition_penalty\":1.2,"
                + "\"presence_penalty\":0.3,\"frequency_penalty\":0.4,\"seed\":-5,"
                + "\"stop\":[\"x\"],\"stop_token_ids\":[4],\"ignore_eos\":true,"
                + "\"min_tokens\":2,\"logprobs\":0}");
    assertThat(request.promptIds()).containsExactly('a', 'b', 'c');
    assertThat(request.sampling())
        .isEqualTo(
            new SamplingParams(
                9, 0.5, 0, 0.9, 0.1, 1.2, 0.3, 0.4, -5, Set.of(4), List.of("x"), true, 2, 0));
  }

  @Test
  void defaultMaxTokensShrinksToWhatTheContextHasLeft() {
    RequestReader wide =
        PipelineOptions.builder(world.engines()).build().reader(world.engines().single());
    String json = "{\"prompt\":\"" + "x".repeat(1990) + "\"}";
    SequenceRequest request = wide.read(record(json.getBytes(StandardCharsets.UTF_8))).request();
    assertThat(request == null ? 0 : request.sampling().maxTokens()).isEqualTo(10);
  }

  @Test
  void derivedSeedDependsOnNameAndContentAndNotOnThePlace() {
    String named = "{\"custom_id\":\"a\",\"prompt\":\"abc\"}";
    long seed = accepted(named).sampling().seed();
    SourceRecord elsewhere = SourceRecord.of(named.getBytes(StandardCharsets.UTF_8), "other", 0, 0);
    SequenceRequest moved = reader().read(elsewhere).request();
    assertThat(moved == null ? 0 : moved.sampling().seed()).isEqualTo(seed);
    assertThat(accepted("{\"custom_id\":\"b\",\"prompt\":\"abc\"}").sampling().seed())
        .isNotEqualTo(seed);
    assertThat(accepted("{\"custom_id\":\"a\",\"prompt\":\"abd\"}").sampling().seed())
        .isNotEqualTo(seed);
    assertThat(DerivedSeed.of(7, "a", new int[] {'a', 'b', 'c'})).isEqualTo(seed);
    assertThat(DerivedSeed.of(8, "a", new int[] {'a', 'b', 'c'})).isNotEqualTo(seed);
  }

  @Test
  void continuationIsScoredAfterItsContext() {
    SequenceRequest request = accepted("{\"context\":\"ab \",\"continuation\":\"cd\"}");
    assertThat(request.kind()).isEqualTo(Kind.SCORE);
    assertThat(request.promptIds()).containsExactly('a', 'b', ' ', 'c', 'd');
    assertThat(request.scoreFrom()).as("the trailing space is scored").isEqualTo(2);
  }

  @Test
  void emptyContextIsTheTokenThatBeginsATextAndAllIsScored() {
    SequenceRequest request = accepted("{\"context\":\"\",\"continuation\":\"cd\"}");
    assertThat(request.promptIds()).containsExactly(2, 'c', 'd');
    assertThat(request.scoreFrom()).isEqualTo(1);
  }

  @Test
  void wholeTextIsScoredFromItsSecondToken() {
    SequenceRequest request = accepted("{\"text\":\"abc\"}");
    assertThat(request.promptIds()).containsExactly('a', 'b', 'c');
    assertThat(request.scoreFrom()).isEqualTo(1);
  }
}
