package dev.drey.runtime.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.trace.TraceReader;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The engine and the simulator decide the same: the sample model generates with a trace, the trace
 * is replayed with the same policy and window, and every demand, eviction and load is compared, in
 * order.
 */
@Timeout(120)
class EngineDecisionsTest {
  private static final Path MODEL = Path.of("../examples/sample-qwen3-moe");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  /** Every policy; windows below one layer's demand, below a step's, and above. */
  static Stream<Arguments> policiesAndWindows() {
    return CachePolicies.names().stream()
        .flatMap(name -> Stream.of(3, 10, 25, 60).map(percent -> Arguments.of(name, percent)));
  }

  private EngineConfig config(String policy, int percent, String predictor) {
    return new EngineConfig(
            MODEL.toString(),
            "cpu",
            ComputeType.F32,
            1,
            null,
            MemorySize.ofPercent(percent),
            1024,
            predictor,
            policy,
            new ScheduleConfig(4, 4, 32, 16, 1_000_000_000L),
            new TransferConfig(1, 0, Duration.ofMinutes(1), 1))
        .tracedTo(directory.resolve("trace").toString());
  }

  private static void admit(MoeEngine engine, StepScheduler scheduler) {
    for (String prompt : List.of("Q: What is a heron?\nA:", "The sea", "Q: What is a sonnet?")) {
      int[] ids = engine.tokenizer().orElseThrow().encode(prompt);
      scheduler.admit(
          Sequence.fresh(SequenceRequest.generate(prompt, ids, SamplingParams.greedy(12))));
    }
  }

  /** Loads on demand only: whatever the link's speed, its order is that of the demands. */
  @ParameterizedTest
  @MethodSource("policiesAndWindows")
  void onDemand(String policy, int percent) throws IOException {
    try (MoeEngine engine = MoeEngine.open(config(policy, percent, "none"))) {
      StepScheduler scheduler = engine.newScheduler();
      admit(engine, scheduler);
      Step step = engine.newStep();
      while (scheduler.plan(step)) {
        engine.embed(step);
        engine.runLayers(step, 0, engine.layers(), prediction -> {});
        engine.sample(step);
        scheduler.complete(step);
      }
    }
    compare(policy, new CostModel(1e9, 0));
  }

  /**
   * With prefetching, under the rule that every load is complete before the next demand and before
   * and after each prediction is offered. Loads that begin while experts compute may take as long
   * as they like: what a policy hears does not depend on it.
   */
  @ParameterizedTest
  @MethodSource("policiesAndWindows")
  void withPrefetchWhenLoadsAreCompleteBeforeTheNextDemand(String policy, int percent)
      throws IOException {
    try (MoeEngine engine = MoeEngine.open(config(policy, percent, "gate.next-layer"))) {
      StepScheduler scheduler = engine.newScheduler();
      admit(engine, scheduler);
      Step step = engine.newStep();
      Consumer<Prediction> offerInPeace =
          prediction -> {
            for (int i = 0; i < prediction.count(); i++) {
              awaitQuiet(engine);
              engine.prefetch(only(prediction, i));
              awaitQuiet(engine);
            }
          };
      while (scheduler.plan(step)) {
        engine.embed(step);
        for (int layer = 0; layer < engine.layers(); layer++) {
          awaitQuiet(engine);
          engine.runLayers(step, layer, layer + 1, offerInPeace);
        }
        engine.sample(step);
        scheduler.complete(step);
      }
      assertThat(engine.stats().residency().prefetchIssued()).isPositive();
    }
    compare(policy, CostModel.INSTANT);
  }

  /** One of the experts a prediction names. */
  private static Prediction only(Prediction all, int i) {
    return new Prediction(
        all.step(),
        all.issuedAtLayer(),
        all.layer(),
        1,
        new int[] {all.expert(i)},
        new float[] {all.score(i)});
  }

  private static void awaitQuiet(MoeEngine engine) {
    while (engine.stats().residency().inFlight() > 0) {
      Thread.onSpinWait();
    }
  }

  private void compare(String policy, CostModel cost) throws IOException {
    Decisions engine = new Decisions();
    int slots;
    try (TraceReader reader = TraceReader.open(directory.resolve("trace"))) {
      reader.read(engine);
      slots = reader.header().slots();
      assertThat(reader.totals().dropped()).isZero();
    }
    RoutingTrace trace = RoutingTrace.read(directory.resolve("trace"));
    Decisions simulated = new Decisions();
    Replay.run(
        trace,
        Predictions.of(trace, Predictions.Source.RECORDED),
        CachePolicies.named(policy, Simulator.shape(trace, slots)),
        slots,
        cost,
        simulated);
    assertThat(simulated.all).hasSizeGreaterThan(100).isEqualTo(engine.all);
  }
}
