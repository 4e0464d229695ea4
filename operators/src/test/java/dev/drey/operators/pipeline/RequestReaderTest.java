package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.testing.ToyWorld;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.SequenceRequest.Kind;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.format.WireFormat;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
