package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.drey.operators.flink.StepLoop;
import dev.drey.operators.metrics.HeadMetrics;
import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.slot.AdmissionGate;
import dev.drey.operators.slot.SamplingDefaults;
import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.state.StoredSequence;
import dev.drey.operators.testing.RecordedMetrics;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.ToyWorld;
import dev.drey.runtime.schedule.Step;
import dev.drey.schemas.InferenceResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The table on a toy engine of eight rows, without Flink around it. */
class SequenceTableTest {
  private final ToyWorld world = ToyWorld.create();
  private final SlotEngine engine = world.engines().single();
  private final RequestReader reader =
      PipelineOptions.builder(world.engines()).build().reader(engine);
  private final AdmissionGate.End end = AdmissionGate.open("attempt");
  private final RecordedMetrics metrics = new RecordedMetrics();
  private final List<Outcome> outcomes = new ArrayList<>();
  private final SequenceTable table =
      new SequenceTable(engine, reader, end.gate(), new Chain(), new HeadMetrics(metrics));

  /** What lies behind the head: all stages and the sampler, and the outcomes. */
  private final class Chain implements StepLoop.Context<Step> {
    @Override
    public RuntimeContext runtime() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void emit(Step step) {
      engine.embed(step);
      engine.runLayers(step, 0, engine.facts().layers(), prediction -> {});
      engine.sample(step);
    }

    @Override
    public <T> void sideOutput(OutputTag<T> tag, T value) {
      outcomes.add((Outcome) value);
    }

    @Override
    public boolean isCanceled() {
      return false;
    }
  }

  @AfterEach
  void end() {
    table.close();
    table.close();
    assertThat(engine.newScheduler().isEmpty()).as("all blocks are free").isTrue();
    end.close();
    world.close();
  }

  private static SourceRecord record(long offset, String json) {
    return SourceRecord.of(json.getBytes(StandardCharsets.UTF_8), "list", 0, offset);
  }

  private void admit(long offset, int tokens) {
    table.admit(reader.read(record(offset, Requests.greedy(0, offset, tokens))));
  }

  private void drain() {
    while (!table.isEmpty()) {
      table.step();
    }
  }

  @Test
  void aRecordThatComesDespiteAFullTableIsTakenOnceThereIsRoom() {
    for (int i = 0; i < 20; i++) {
      admit(i, 10);
    }
    assertThat(outcomes).hasSizeBetween(12, 19);
    drain();
    assertThat(outcomes).hasSize(20).allSatisfy(o -> Requests.assertAnswered(o, 10));
  }

  @Test
  void theGateIsShutWhileTheTableIsFullAndTheEndPassesWhenItIsEmpty() {
    for (int i = 0; i < 8; i++) {
      assertThat(end.gate().hasRoom()).isEqualTo(i > 0);
      admit(i, 3 + i);
    }
    assertThat(end.gate().hasRoom()).isFalse();
    assertThat(end.gate().isEmpty()).isFalse();
    drain();
    assertThat(end.gate().hasRoom()).isTrue();
    assertThat(end.gate().isEmpty()).isTrue();
  }

  @Test
  void aDeadLetterTakesNoRoomAndLeavesAtOnce() {
    for (int i = 0; i < 8; i++) {
      admit(i, 5);
    }
    table.admit(reader.read(record(99, "damaged")));
    assertThat(outcomes).hasSize(1);
    assertThat(outcomes.get(0).deadLetter()).isNotNull();
    assertThat(world.steps()).isZero();
    drain();
  }

  @Test
  void aSequenceWhoseRecordBecomesAnotherPromptDoesNotGoOn() {
    String chat = "{\"messages\":[{\"role\":\"u\",\"content\":\"abc\"}],\"max_tokens\":9}";
    world.chatTemplate("{{ messages[0].content }}");
    table.admit(reader.read(record(0, chat)));
    table.step();
    table.step();
    StoredSequence stored = table.snapshot().get(0);
    StoredSequence old = new StoredSequence(stored.record(), 0, null, null, stored.progress());
    drain();
    world.chatTemplate("{{ messages[0].content }}!");
    assertThat(table.restore(stored, true))
        .singleElement()
        .asString()
        .contains("another chat template");
    assertThat(table.isEmpty()).isTrue();
    assertThat(table.restore(old, true)).as("nobody knows").isEmpty();
    drain();
    assertThat(table.restore(stored, false)).as("it starts again").isEmpty();
    drain();
    assertThat(outcomes).hasSize(3);
  }

  @Test
  void aSequenceThatGetsOtherParametersDoesNotGoOn() {
    StoredSequence open = begun("{\"prompt\":\"Zebra\",\"temperature\":1}", 3);
    assertThat(differences(open, options -> options)).isEmpty();
    assertThat(differences(open, options -> options.jobSeed(5)))
        .singleElement()
        .asString()
        .matches("seed of record list-0-0: the state has -?\\d+, this job has -?\\d+, by drey.*");
    assertThat(differences(open, options -> options.limits(limits(20, 400))))
        .singleElement()
        .asString()
        .startsWith("max_tokens of record list-0-0: the state has 16, this job has 20, by drey.");
    assertThat(differences(open, options -> options.limits(limits(2, 400))))
        .as("fewer than there are")
        .singleElement()
        .asString()
        .contains("the state has 16, this job has 2,");

    StoredSequence asked = begun("{\"prompt\":\"Zebra\",\"max_tokens\":200,\"seed\":3}", 3);
    assertThat(differences(asked, options -> options.limits(limits(16, 100)).jobSeed(5)))
        .singleElement()
        .asString()
        .contains("list-0-0", "max_tokens 200: expected at most 100")
        .doesNotContain("Zebra");
  }

  @Test
  void aSequenceForWhichTheModelsFilesNowSayOtherwiseDoesNotGoOn() {
    StoredSequence greedy = begun("{\"prompt\":\"abc\"}", 3);
    StoredSequence explicit = begun("{\"prompt\":\"abc\",\"temperature\":0}", 3);
    world.defaults(SamplingDefaults.NEUTRAL);
    SlotEngine other = world.engines().single();
    RequestReader changed = PipelineOptions.builder(world.engines()).build().reader(other);
    assertThat(StoredRequests.differences(greedy, changed.read(greedy.record())))
        .singleElement()
        .asString()
        .matches("sampling parameters of record list-0-0: .* [0-9a-f]{16}, by .*config.json");
    assertThat(StoredRequests.differences(explicit, changed.read(explicit.record()))).isEmpty();
  }

  @Test
  void withoutStoredParametersOnlyProgressThatFitsGoesOn() {
    StoredSequence stored = begun("{\"prompt\":\"abc\"}", 5);
    StoredSequence old =
        new StoredSequence(stored.record(), stored.promptDigest(), null, null, stored.progress());
    assertThat(differences(old, options -> options.limits(limits(6, 400)))).isEmpty();
    assertThat(differences(old, options -> options.limits(limits(3, 400))))
        .singleElement()
        .asString()
        .contains("5 tokens of 3", "drey.request.default-max-tokens");
  }

  private static RequestLimits limits(int defaultMaxTokens, int maxTokens) {
    return new RequestLimits(8000, 3000, defaultMaxTokens, maxTokens, 4, 20);
  }

  /** A request after some steps, of a table that does without it from then on. */
  private StoredSequence begun(String json, int steps) {
    table.admit(reader.read(record(0, json)));
    for (int i = 0; i < steps; i++) {
      table.step();
    }
    StoredSequence stored = table.snapshot().get(0);
    drain();
    return stored;
  }

  /** Why it would not go on in a job with other options. */
  private List<String> differences(
      StoredSequence stored, UnaryOperator<PipelineOptions.Builder> change) {
    RequestReader other =
        change.apply(PipelineOptions.builder(world.engines())).build().reader(engine);
    return StoredRequests.differences(stored, other.read(stored.record()));
  }

  @Test
  void whatIsStoredBetweenTwoStepsGoesOnElsewhereWithTheSameResult() {
    String sampled =
        "{\"custom_id\":\"s\",\"prompt\":\"abc\",\"max_tokens\":40,\"temperature\":1.0,"
            + "\"logprobs\":2,\"stop\":[\"#%\"],\"repetition_penalty\":1.1}";
    String scored = "{\"custom_id\":\"t\",\"text\":\"" + "some text ".repeat(20) + "\"}";
    table.admit(reader.read(record(0, sampled)));
    table.admit(reader.read(record(1, scored)));
    for (int i = 0; i < 7; i++) {
      table.step();
    }
    List<StoredSequence> stored = table.snapshot();
    assertThat(stored).hasSize(2);
    drain();
    List<Outcome> undisturbed = List.copyOf(outcomes);
    outcomes.clear();
    stored.forEach(sequence -> table.restore(sequence, true));
    drain();
    assertThat(outcomes).isEqualTo(undisturbed);
    assertThat(stored).extracting(StoredSequence::promptDigest).doesNotContain(0L);
    assertThat(metrics.value("moe.restored_sequences_total")).isEqualTo(2L);
    assertThat((Long) metrics.value("moe.re_prefilled_tokens_total")).isPositive();
  }

  @Test
  void moreRestoredSequencesThanFitWaitBehindAShutGate() {
    List<StoredSequence> stored = new ArrayList<>();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 8; i++) {
        admit(8 * round + i, 6);
      }
      table.step();
      stored.addAll(table.snapshot());
      drain();
    }
    outcomes.clear();
    stored.forEach(sequence -> table.restore(sequence, true));
    table.report();
    assertThat(end.gate().hasRoom()).isFalse();
    assertThat(table.snapshot()).hasSize(16);
    drain();
    assertThat(outcomes).hasSize(16).allSatisfy(o -> Requests.assertAnswered(o, 6));
  }

  @Test
  void scoresAreTheLogProbabilitiesOfTheTextsOwnTokens() {
    table.admit(reader.read(record(0, "{\"context\":\"ab\",\"continuation\":\"cde\"}")));
    drain();
    InferenceResult result = outcomes.get(0).result();
    if (result == null) {
      throw new AssertionError("expected a result");
    }
    assertThat(result.getTokenIds()).containsExactly((int) 'c', (int) 'd', (int) 'e');
    double sum = result.getTokenLogprobs().stream().mapToDouble(Float::doubleValue).sum();
    assertThat(result.getLoglikelihood()).isCloseTo(sum, within(1e-9)).isNegative();
    assertThat(result.getIsGreedy()).isFalse();
    assertThat(result.getUsage().getPromptTokens()).isEqualTo(5);
    assertThat(result.getUsage().getCompletionTokens()).isZero();
    assertThat(result.getFinishReason()).isNull();
    assertThat(result.getText()).isNull();
  }

  @Test
  void whatHappensIsCounted() {
    for (int i = 0; i < 3; i++) {
      admit(i, 4);
    }
    table.step();
    assertThat(metrics.value("num_requests_running")).isEqualTo(3);
    drain();
    assertThat(metrics.value("num_requests_running")).isEqualTo(0);
    assertThat(metrics.value("generation_tokens_total")).isEqualTo(12L);
    assertThat(metrics.value("prompt_tokens_total")).isEqualTo(3L * "prompt 0 number 0".length());
    assertThat(metrics.value("finished_reason.length.request_success_total")).isEqualTo(3L);
    assertThat(metrics.value("finished_reason.stop.request_success_total")).isEqualTo(0L);
    assertThat(metrics.count("time_to_first_token_us")).isEqualTo(3);
    assertThat(metrics.count("inter_token_latency_us")).isEqualTo(9);
    assertThat(metrics.value("e2e_request_latency_us_count")).isEqualTo(3L);
    assertThat(metrics.value("moe.steps_total")).isEqualTo(world.steps());
    assertThat(metrics.value("moe.expert_cache_hit_share")).isEqualTo(0.0);
    assertThat(metrics.value("moe.plan_resolves_total")).isEqualTo(0L);
    assertThat(metrics.value("moe.plan_compute_time_ratio")).isEqualTo(1.0);
    assertThat(metrics.value("moe.plan_link_rate_ratio")).isEqualTo(1.0);
  }

  @Test
  void aStepOfAnEmptyTableIsRefused() {
    assertThatThrownBy(table::step).isInstanceOf(IllegalStateException.class);
  }
}
