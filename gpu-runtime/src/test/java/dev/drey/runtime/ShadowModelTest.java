package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.PredictorRefusedException;
import dev.drey.runtime.predict.ShadowAlignment;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.simulate.PredictionRecall;
import dev.drey.runtime.simulate.Predictions;
import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.trace.RecallMetrics;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shadow model beside the sample model. */
class ShadowModelTest {
  private static final String MODEL = "../examples/sample-qwen3-moe";
  private static final List<String> PROMPTS =
      List.of("Once upon a time", "The old lighthouse keeper", "Tom and");

  @TempDir private Path directory;
  private int traces;

  private static EngineConfig config(String predictor, String experts, ShadowAlignment alignment) {
    return config(predictor, experts, alignment, 512);
  }

  private static EngineConfig config(
      String predictor, String experts, ShadowAlignment alignment, int kvTokens) {
    return new EngineConfig(
            MODEL,
            "cpu",
            ComputeType.F32,
            2,
            null,
            MemorySize.parse(experts),
            kvTokens,
            predictor,
            "classic.lru",
            new ScheduleConfig(3, 2, 24, 16, Long.MAX_VALUE),
            TransferConfig.DEFAULT)
        .withPrediction(new PredictorOptions(8, 0, null, alignment));
  }

  /** Recall of as many by distance, over answers of so many tokens. */
  private List<RecallMetrics> recall(EngineConfig config, int tokens) throws IOException {
    Path file = directory.resolve("trace-" + traces++);
    try (MoeEngine engine = MoeEngine.open(config.tracedTo(file.toString()))) {
      List<Sequence> sequences = new ArrayList<>();
      for (String prompt : PROMPTS) {
        int[] ids = engine.tokenizer().orElseThrow().encode(prompt);
        sequences.add(
            Sequence.fresh(SequenceRequest.generate(prompt, ids, SamplingParams.greedy(tokens))));
      }
      new DecodeLoop(engine).run(sequences.iterator(), done -> {});
    }
    RoutingTrace trace = RoutingTrace.read(file);
    return PredictionRecall.of(trace, Predictions.of(trace, Predictions.Source.RECORDED));
  }

  private double meanRecall(String predictor, ShadowAlignment alignment) throws IOException {
    return recall(config(predictor, "25%", alignment), 40).stream()
        .mapToDouble(RecallMetrics::recallOfAsMany)
        .average()
        .orElseThrow();
  }

  @Test
  void anAlignedShadowForetellsEveryLayerBeforeTheFirstRuns() throws IOException {
    List<RecallMetrics> recall =
        recall(config("shadow.int8", "25%", ShadowAlignment.EVERY_TOKEN), 40);
    assertThat(recall).extracting(RecallMetrics::distance).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(recall).allMatch(metrics -> metrics.recallOfAsMany() > 0.95);
  }

  @Test
  void moreBitsAndMoreAlignmentForetellMore() throws IOException {
    double int8 = meanRecall("shadow.int8", ShadowAlignment.EVERY_TOKEN);
    double int4 = meanRecall("shadow.int4", ShadowAlignment.EVERY_TOKEN);
    double int4Alone = meanRecall("shadow.int4", new ShadowAlignment(0, 0));
    assertThat(int8).isGreaterThan(int4);
    assertThat(int4).isGreaterThan(int4Alone).isGreaterThan(0.7);
    assertThat(int4Alone).as("blind choice has an eighth").isGreaterThan(0.2);
  }

  @Test
  void sequencesThatLoseTheirBlocksAreTakenUpAnew() throws IOException {
    EngineConfig crowded = config("shadow.int8", "25%", ShadowAlignment.EVERY_TOKEN, 192);
    assertThat(recall(crowded, 100))
        .allMatch(metrics -> metrics.recallOfAsMany() > 0.95, "as well as with room for all");
  }

  @Test
  void whatAShadowTakesIsPartOfTheBudget() throws IOException {
    EngineConfig config = config("shadow.int4", "25%", ShadowAlignment.EVERY_TOKEN);
    MemoryPlan plan = MoeEngine.plan(config);
    assertThat(plan.fixed().shadow()).isPositive();
    assertThat(plan.totalBytes())
        .isEqualTo(
            MoeEngine.plan(config("none", "25%", ShadowAlignment.EVERY_TOKEN)).totalBytes()
                + plan.fixed().shadow());
    MemoryBudget budget;
    try (MoeEngine engine = MoeEngine.open(config)) {
      budget = engine.budget();
      assertThat(budget.limitBytes()).isEqualTo(plan.totalBytes());
      MemoryBudget shadow =
          budget.children().stream()
              .filter(child -> child.name().equals("shadow model"))
              .findAny()
              .orElseThrow();
      assertThat(shadow.limitBytes()).isEqualTo(plan.fixed().shadow());
      assertThat(shadow.usedBytes()).isEqualTo(plan.fixed().shadow());
    }
    assertThat(budget.usedBytes()).isZero();
  }

  @Test
  void whereAllExpertsAreResidentThereIsNoShadow() throws IOException {
    EngineConfig config = config("shadow.int8", "100%", ShadowAlignment.EVERY_TOKEN);
    assertThat(MoeEngine.plan(config).fixed().shadow()).isZero();
    try (MoeEngine engine = MoeEngine.open(config)) {
      assertThat(engine.budget().children())
          .extracting(MemoryBudget::name)
          .doesNotContain("shadow model");
    }
  }

  @Test
  void aModelWithRecurrentStateIsRefusedBeforeAnythingIsLoaded() {
    EngineConfig recurrent =
        new EngineConfig(
            "src/test/resources/golden/qwen3_next",
            "reference",
            ComputeType.F32,
            1,
            null,
            MemorySize.parse("50%"),
            512,
            "shadow.int8",
            "classic.lru",
            new ScheduleConfig(4, 4, 64, 32, 1_000_000_000L),
            TransferConfig.DEFAULT);
    assertThatThrownBy(() -> MoeEngine.plan(recurrent))
        .isInstanceOf(PredictorRefusedException.class)
        .hasMessageContainingAll("'shadow.int8'", "recurrent state", "gate.next-layer");
  }
}
