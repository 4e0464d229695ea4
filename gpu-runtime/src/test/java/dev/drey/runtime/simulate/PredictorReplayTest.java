package dev.drey.runtime.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.PredictorInput;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.predict.Untrained;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A predictor says the same of a recorded run as it said while the engine ran. */
@Timeout(120)
class PredictorReplayTest {
  private static PredictorOptions options = PredictorOptions.DEFAULT;

  @BeforeAll
  static void prepareAFile() throws IOException {
    PredictorShape shape = Untrained.shape(Path.of("../examples/sample-qwen3-moe"));
    options = Untrained.options(new PredictorOptions(2, 64), shape);
  }

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private static boolean readsRoutingAlone(String name) {
    PredictorShape shape = PredictorShape.of(2, 4, 2);
    return Predictors.named(name, shape, Untrained.options(PredictorOptions.DEFAULT, shape))
        .reads()
        .equals(Set.of(PredictorInput.ROUTING));
  }

  static Stream<String> replayable() {
    return Predictors.names().stream().filter(PredictorReplayTest::readsRoutingAlone);
  }

  static Stream<String> notReplayable() {
    return Predictors.names().stream()
        .filter(name -> !name.equals("none") && !readsRoutingAlone(name));
  }

  /** More requests than the table holds, of different lengths, prompts in chunks. */
  private RoutingTrace record(String predictor) throws IOException {
    Path file = directory.resolve("trace");
    EngineConfig config =
        new EngineConfig(
                "../examples/sample-qwen3-moe",
                "cpu",
                ComputeType.F32,
                2,
                null,
                MemorySize.ofPercent(25),
                512,
                predictor,
                "classic.lru",
                new ScheduleConfig(3, 3, 12, 5, Long.MAX_VALUE),
                TransferConfig.DEFAULT)
            .withPrediction(options)
            .tracedTo(file.toString());
    try (MoeEngine engine = MoeEngine.open(config)) {
      List<Sequence> sequences = new ArrayList<>();
      int tokens = 4;
      for (String prompt : List.of("Once upon a time", "Q: What is a heron?\nA:", "Tom", "The")) {
        int[] ids = engine.tokenizer().orElseThrow().encode(prompt);
        SamplingParams sampling = SamplingParams.greedy(tokens += 3);
        sequences.add(Sequence.fresh(SequenceRequest.generate(prompt, ids, sampling)));
      }
      new DecodeLoop(engine).run(sequences.iterator(), done -> {});
    }
    return RoutingTrace.read(file);
  }

  private static List<String> text(RoutingTrace trace, Predictions predictions) {
    List<String> lines = new ArrayList<>();
    for (int event = 0; event < trace.events(); event++) {
      for (int i = predictions.beginBefore(event); i < predictions.end(event); i++) {
        lines.add(
            (i < predictions.begin(event) ? "before " : "after ")
                + event
                + ": "
                + predictions.expert(i)
                + " "
                + predictions.score(i));
      }
    }
    return lines;
  }

  @ParameterizedTest
  @MethodSource("replayable")
  void whatTheEngineSaidIsSaidAgain(String name) throws IOException {
    RoutingTrace trace = record(name);

    Predictions again = Predictions.named(trace, name, options);

    List<String> said = text(trace, trace.predictions());
    assertThat(said).hasSizeGreaterThan(50).isEqualTo(text(trace, again));
  }

  @ParameterizedTest
  @MethodSource("notReplayable")
  void whatReadsMoreThanRoutingIsRecordedAndNotSaidAgain(String name) throws IOException {
    RoutingTrace trace = record(name);

    assertThat(text(trace, trace.predictions())).hasSizeGreaterThan(50);
    assertThatThrownBy(() -> Predictions.named(trace, name, options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("record a trace with --predictor " + name);
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    RoutingTrace trace = Traces.random(1, 3, 8, 2, 4);
    assertThatThrownBy(() -> Predictions.named(trace, "dice", options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown predictions 'dice'; known are " + Predictions.names());
  }

  @Test
  void theOracleLooksAsFarAheadAsItIsTold() {
    RoutingTrace trace = Traces.random(1, 4, 8, 2, 4);
    Predictions oracle = Predictions.named(trace, "oracle", new PredictorOptions(2, 0));
    for (int event = 0; event < trace.events(); event++) {
      int layersAhead = Math.min(2, 3 - trace.layer()[event]);
      List<Integer> expected = new ArrayList<>();
      for (int i = trace.from()[event + 1]; i < trace.from()[event + 1 + layersAhead]; i++) {
        expected.add(trace.members()[i]);
      }
      List<Integer> said = new ArrayList<>();
      for (int i = oracle.begin(event); i < oracle.end(event); i++) {
        said.add(oracle.expert(i));
      }
      assertThat(said).isEqualTo(expected);
    }
    PredictionRecall.of(trace, oracle)
        .forEach(
            recall -> {
              assertThat(recall.distance()).isBetween(1, 2);
              assertThat(recall.recall()).isEqualTo(1);
              assertThat(recall.precision()).isEqualTo(1);
            });
    assertThat(PredictionRecall.of(trace, oracle)).hasSize(2);
  }

  /** A trace that lacks rows cannot be replayed there, and is elsewhere. */
  @Test
  void eventsWithoutTheirRowsAreLeftOut() {
    RoutingTrace trace = Traces.random(1, 3, 8, 2, 4);
    ExpertPredictor popularity =
        Predictors.named(
            "history.popularity", PredictorShape.of(3, 8, 2), PredictorOptions.DEFAULT);
    assertThat(text(trace, Predictions.by(trace, popularity))).isEmpty();
  }
}
