package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.plan.InsufficientMemoryException;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class MoeEngineTest {
  private static Sequence sequence(int tokens) {
    return Sequence.fresh(
        SequenceRequest.generate(
            "request", new int[] {5, 6, 7, 8, 9, 10, 11}, SamplingParams.greedy(tokens)));
  }

  @Test
  void everyByteOfTheBudgetIsPlannedBeforeAndUsedAfterOpening() throws IOException {
    MemoryBudget budget;
    try (MoeEngine engine = MoeEngine.open(TestEngines.golden("50%"))) {
      budget = engine.budget();
      assertThat(budget.limitBytes()).isEqualTo(engine.info().memory().totalBytes());
      assertThat(engine.stats().peakBytes()).isLessThanOrEqualTo(budget.limitBytes());
      assertThat(budget.children())
          .extracting(MemoryBudget::name)
          .contains("dense weights", "kv", "expert window", "staging", "activations", "scratch");
      new DecodeLoop(engine).run(List.of(sequence(8)).iterator(), done -> {});
      assertThat(engine.stats().peakBytes()).isLessThanOrEqualTo(budget.limitBytes());
    }
    assertThat(budget.usedBytes()).isZero();
  }

  @Test
  void aPredictionForALayerWithoutExpertsIsDroppedAndTheEngineGoesOn() throws IOException {
    Path dense = Path.of("src/test/resources/golden/deepseek_v3");
    try (MoeEngine engine = MoeEngine.open(TestEngines.golden(dense, "50%"))) {
      assertThat(engine.info().model().isMoe(0)).isFalse();
      for (int layer : new int[] {0, -1, engine.layers()}) {
        Prediction prediction =
            new Prediction(0, layer - 1, layer, 1, new int[] {0}, new float[] {1});
        assertThat(engine.prefetch(prediction)).isZero();
      }
      new DecodeLoop(engine).run(List.of(sequence(4)).iterator(), done -> {});
    }
  }

  @Test
  void theSmallestDeviceMemoryWorksAndOneByteLessIsRefusedWithTheNumber() throws IOException {
    EngineConfig unlimited = TestEngines.golden("100%");
    long resident;
    long slot;
    int experts;
    try (MoeEngine engine = MoeEngine.open(unlimited)) {
      resident = engine.info().memory().residentBytes();
      slot = engine.info().memory().slotBytes();
      experts = engine.info().memory().totalExperts();
    }
    long smallest = resident - (experts - 2) * slot;
    try (MoeEngine engine = MoeEngine.open(withDeviceMemory(smallest))) {
      assertThat(engine.info().memory().slots()).isEqualTo(2);
      new DecodeLoop(engine).run(List.of(sequence(4)).iterator(), done -> {});
    }
    assertThatThrownBy(() -> MoeEngine.open(withDeviceMemory(smallest - 1)))
        .isInstanceOf(InsufficientMemoryException.class)
        .hasMessageContaining("smallest that works is " + smallest + " bytes");
  }

  @Test
  void aPlanIsTheSplitAnEngineMakesAndIsRefusedWithTheSameNumber() throws IOException {
    EngineConfig half = TestEngines.golden("50%");
    try (MoeEngine engine = MoeEngine.open(half)) {
      assertThat(MoeEngine.plan(half)).isEqualTo(engine.info().memory());
    }

    InsufficientMemoryException refusal = refusal(() -> MoeEngine.plan(withDeviceMemory(1)));
    long needed = refusal.neededBytes();
    assertThat(refusal).hasMessageContaining(String.valueOf(needed));
    assertThat(MoeEngine.plan(withDeviceMemory(needed)).totalBytes()).isEqualTo(needed);
    assertThat(refusal(() -> MoeEngine.plan(withDeviceMemory(needed - 1))).neededBytes())
        .isEqualTo(needed);
    assertThat(refusal(() -> MoeEngine.open(withDeviceMemory(needed - 1)).close()).neededBytes())
        .isEqualTo(needed);
  }

  @Test
  void predictionsAreMadeOnlyWhereSomeExpertHasNoSlot() throws IOException {
    assertThat(predictions("50%")).isNotEmpty();
    assertThat(predictions("100%")).isEmpty();
  }

  private static List<Prediction> predictions(String expertMemory) throws IOException {
    List<Prediction> made = new ArrayList<>();
    try (MoeEngine engine = MoeEngine.open(TestEngines.golden(expertMemory))) {
      StepScheduler scheduler = engine.newScheduler();
      Step step = engine.newStep();
      scheduler.admit(sequence(1));
      assertThat(scheduler.plan(step)).isTrue();
      engine.embed(step);
      engine.runLayers(step, 0, engine.layers(), made::add);
    }
    return made;
  }

  private static InsufficientMemoryException refusal(ThrowingCallable planning) {
    return catchThrowableOfType(InsufficientMemoryException.class, planning);
  }

  private static EngineConfig withDeviceMemory(long bytes) {
    EngineConfig base = TestEngines.golden("100%");
    return new EngineConfig(
        base.model(),
        base.device(),
        base.compute(),
        base.threads(),
        MemorySize.ofBytes(bytes),
        null,
        base.kvTokens(),
        base.predictor(),
        base.policy(),
        base.schedule(),
        base.transfer());
  }

  @Test
  void anEngineThatIsToldNoNumberOfThreadsTakesOnePerCore() throws IOException {
    EngineConfig base = TestEngines.golden("100%");
    EngineConfig config =
        new EngineConfig(
            base.model(),
            base.device(),
            base.compute(),
            EngineConfig.ONE_PER_CORE,
            null,
            base.expertMemory(),
            base.kvTokens(),
            base.predictor(),
            base.policy(),
            base.schedule(),
            base.transfer());

    assertThat(MoeEngine.plan(config)).isEqualTo(MoeEngine.plan(config.onThisMachine()));
    try (MoeEngine engine = MoeEngine.open(config)) {
      StepScheduler scheduler = engine.newScheduler();
      Step step = engine.newStep();
      scheduler.admit(sequence(1));
      assertThat(scheduler.plan(step)).isTrue();
      engine.embed(step);
      engine.runLayers(step, 0, engine.layers(), prediction -> {});
    }
  }

  @Test
  void aMissingModelIsRefusedByName() {
    EngineConfig config = EngineConfig.defaults(TestEngines.GOLDEN.resolve("nowhere"));
    assertThatThrownBy(() -> MoeEngine.open(config))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("nowhere");
  }

  @Test
  void anUnknownDeviceIsRefusedWithTheKnownOnes() {
    EngineConfig config =
        new EngineConfig(
            TestEngines.GOLDEN.toString(),
            "abacus",
            ComputeType.F32,
            1,
            null,
            null,
            0,
            "none",
            "classic.lru",
            ScheduleConfig.DEFAULT,
            TransferConfig.DEFAULT);
    assertThatThrownBy(() -> MoeEngine.open(config))
        .hasMessageContaining("unknown device 'abacus'; known devices: cpu, cuda, auto, reference");
  }

  @Test
  void aCancelledStepEndsAndTheEngineServesTheNextTable() throws IOException {
    try (MoeEngine engine = MoeEngine.open(TestEngines.golden("25%"))) {
      boolean[] cancelled = {true};
      engine.cancelWhen(() -> cancelled[0]);
      DecodeLoop first = new DecodeLoop(engine);
      first.scheduler().admit(sequence(4));
      assertThatThrownBy(() -> first.step(done -> {})).isInstanceOf(CancellationException.class);
      assertThat(engine.failed()).isFalse();
      cancelled[0] = false;
      Sequence second = sequence(4);
      new DecodeLoop(engine).run(List.of(second).iterator(), done -> {});
      assertThat(second.outputCount()).isEqualTo(4);
    }
  }
}
