package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RouterConfig;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Sums are worked out by hand for a model small enough for that. */
class WorkModelTest {
  /** 3 layers, the first dense; hidden 8, queries 12 wide, keys 4 wide, 5 experts of 6, top 2. */
  private static final ModelConfig MODEL = model();

  private static ModelConfig model() {
    GroupedQueryAttention attention =
        GroupedQueryAttention.of(3, 1, 4, RotaryConfig.plain(4, 1e4)).build();
    return new ModelConfig(
        "qwen3_moe",
        100,
        8,
        64,
        NormConfig.rms(1e-6),
        Multipliers.NONE,
        false,
        false,
        List.of(
            new LayerConfig(attention, false),
            new LayerConfig(attention, true),
            new LayerConfig(attention, true)),
        MoeConfig.of(5, 2, 6, RouterConfig.softmax(true)),
        10);
  }

  private static final WorkModel WORK = new WorkModel(MODEL, ComputeType.BF16);

  private static final LayerTimes NO_LAYERS =
      new LayerTimes(List.of(), new RowTimes(List.of(new RowTimes.Point(1, 0))));
  private static final SamplerTimes NO_SAMPLER = new SamplerTimes(0, 0);

  /** 7 rows, 2 logits, 30 positions attended to, 11 stored tokens, 8 experts, 3 brought in. */
  private static final StepWork STEP = new StepWork(7, 2, 30, 11, 8, 3);

  @Test
  void operationsAreTwoPerWeightAndRowAndPerAttendedPosition() {
    double attentionWeights = 12 * 8 + 2 * (4 * 8) + 8 * 12;
    double weightsPerRow = 3 * attentionWeights + 3 * 8 * 10 + 2 * 2 * (3 * 8 * 6);
    double attention = 3 * 30 * 2 * (12 + 12);
    double routers = 7 * 2 * 2 * 5 * 8;
    double logits = 2 * 2 * 100 * 8;
    assertThat(WORK.flops(STEP)).isEqualTo(7 * 2 * weightsPerRow + attention + routers + logits);
  }

  @Test
  void everyTouchedWeightIsReadOnceAndTheVocabularyOnlyForLogits() {
    double dense = 3 * (12 * 8 + 2 * (4 * 8) + 8 * 12) + 3 * 8 * 10;
    double routers = 2 * 5 * 8 * 4;
    double experts = 8 * (3 * 8 * 6) * 2;
    double vocabulary = 100 * 8 * 2;
    assertThat(WORK.weightBytes(STEP)).isEqualTo(2 * dense + routers + experts + vocabulary);
    assertThat(WORK.weightBytes(new StepWork(7, 0, 30, 11, 8, 3)))
        .isEqualTo(2 * dense + routers + experts);
  }

  @Test
  void keysAndValuesAreReadInTheComputeTypesSize() {
    assertThat(WORK.kvBytes(STEP)).isEqualTo(3 * 11 * 2 * 4 * 2);
    assertThat(new WorkModel(MODEL, ComputeType.F32).kvBytes(STEP)).isEqualTo(3 * 11 * 2 * 4 * 4);
  }

  @Test
  void onlyExpertsThatWereNotThereAreMoved() {
    assertThat(WORK.movedBytes(STEP)).isEqualTo(3 * (3 * 8 * 6) * 2);
  }

  @Test
  void theFloorOfAStepIsTheLargestOfTheThreeAndOfStepsTheirSum() {
    ProductTimes free =
        new ProductTimes(
            Product.of(MODEL).keySet().stream()
                .map(product -> new ProductTimes.Point(product, 1, 1e-9, 1))
                .toList());
    Machine slowLink =
        new Machine(free, free, NO_LAYERS, NO_SAMPLER, 1e9, 1, 1e6, 0, 0, 0, 0, 0, 0);
    Floor transfer = WORK.floor(STEP, slowLink);
    assertThat(transfer.transferNanos()).isCloseTo(864e3, within(1e-3));
    assertThat(transfer.memoryNanos()).isCloseTo(WORK.weightBytes(STEP) + 528, within(1e-3));
    assertThat(transfer.nanos()).isEqualTo(transfer.transferNanos());
    Machine slowMemory =
        new Machine(free, free, NO_LAYERS, NO_SAMPLER, 1e3, 1, 1e9, 0, 0, 0, 0, 0, 0);
    Floor memory = WORK.floor(STEP, slowMemory);
    assertThat(memory.nanos()).isEqualTo(memory.memoryNanos());
    Floor both = transfer.plus(memory);
    assertThat(both.nanos()).isEqualTo(transfer.transferNanos() + memory.memoryNanos());
  }

  @Test
  void aPaceBelowTheFilesRateSetsTheTransferFloor() {
    Machine paced =
        new Machine(
            new ProductTimes(List.of()),
            new ProductTimes(List.of()),
            NO_LAYERS,
            NO_SAMPLER,
            1,
            1,
            8e9,
            500,
            0,
            0,
            0,
            0,
            0);
    assertThat(paced.transferBytesPerSecond()).isEqualTo(500);
    Machine slow =
        new Machine(
            new ProductTimes(List.of()),
            new ProductTimes(List.of()),
            NO_LAYERS,
            NO_SAMPLER,
            1,
            1,
            8,
            500,
            0,
            0,
            0,
            0,
            0);
    assertThat(slow.transferBytesPerSecond()).isEqualTo(8);
  }

  @Test
  void expertsInHostMemoryComeInAtItsRateAndTheOthersAtTheFiles() {
    Machine machine =
        new Machine(
            new ProductTimes(List.of()),
            new ProductTimes(List.of()),
            NO_LAYERS,
            NO_SAMPLER,
            1,
            1,
            10,
            0,
            5,
            0,
            40,
            0,
            0);
    assertThat(machine.withHostTier(0).linkBytesPerSecond()).isEqualTo(10);
    assertThat(machine.withHostTier(1).linkBytesPerSecond()).isCloseTo(40, within(1e-9));
    assertThat(machine.withHostTier(0.5).linkBytesPerSecond())
        .as("80 bytes take one second and four")
        .isCloseTo(16, within(1e-9));
    assertThat(machine.withHostTier(1).arrivalBytesPerSecond()).isCloseTo(40, within(1e-9));
  }

  @Test
  void computeTakesEachProductAtTheRowsItHad() {
    ProductTimes times =
        new ProductTimes(
            Product.of(MODEL).keySet().stream()
                .flatMap(
                    product ->
                        Stream.of(1, 8)
                            .map(rows -> new ProductTimes.Point(product, rows, 100.0 * rows, 1e18)))
                .toList());
    Machine machine =
        new Machine(times, times, NO_LAYERS, NO_SAMPLER, 1e18, 1, 1e18, 0, 0, 0, 0, 0, 0);
    double attention = 3 * 4 * 700;
    double dense = 700;
    double logits = 200;
    double expertRows = 7.0 * 2 * 2 / 8;
    double experts = 8 * 100 * expertRows;
    assertThat(WORK.floor(STEP, machine).computeNanos())
        .isCloseTo(attention + dense + logits + experts, within(1e-3));
  }

  /** Dense products take 700 ns of arithmetic each, experts almost none; memory: a byte per ns. */
  @Test
  void byOperationEachTakesTheLargerOfItsOwnTimesAndTheyFollowOneAnother() {
    ProductTimes times =
        new ProductTimes(
            Product.of(MODEL).keySet().stream()
                .map(
                    product ->
                        new ProductTimes.Point(
                            product, 64, product.kind() == Product.Kind.EXPERT ? 1 : 700, 1e18))
                .toList());
    Floor floor =
        WORK.floor(
            STEP, new Machine(times, times, NO_LAYERS, NO_SAMPLER, 1e9, 1, 1e18, 0, 0, 0, 0, 0, 0));
    double attention = 3 * 4 * 700;
    double dense = 700; // its 480 bytes hide behind it
    double vocabulary = 100 * 8 * 2; // hides its arithmetic
    double experts = 8 * (3 * 8 * 6) * 2;
    double routers = 2 * 5 * 8 * 4;
    double keysAndValues = 528;
    assertThat(floor.operationNanos())
        .isCloseTo(
            attention + dense + vocabulary + experts + routers + keysAndValues, within(1e-3));
    assertThat(floor.operationNanos())
        .isBetween(floor.nanos(), floor.computeNanos() + floor.memoryNanos());
    assertThat(floor.inTurnNanos()).isEqualTo(floor.operationNanos());
  }

  @Test
  void byOperationIsTheMemoryFloorWhereArithmeticIsFreeAndTheComputeFloorWhereMemoryIs() {
    ProductTimes times =
        new ProductTimes(
            Product.of(MODEL).keySet().stream()
                .map(product -> new ProductTimes.Point(product, 1, 1e-3, 1e6))
                .toList());
    Floor reads =
        WORK.floor(
            STEP, new Machine(times, times, NO_LAYERS, NO_SAMPLER, 1, 1, 1, 0, 0, 0, 0, 0, 0));
    assertThat(reads.operationNanos()).isCloseTo(reads.memoryNanos(), within(1e-3));
    Floor computes =
        WORK.floor(
            STEP, new Machine(times, times, NO_LAYERS, NO_SAMPLER, 1e30, 1, 1, 0, 0, 0, 0, 0, 0));
    assertThat(computes.operationNanos()).isCloseTo(computes.computeNanos(), within(1e-9));
    assertThat(computes.inTurnNanos())
        .as("experts that come in slowly are waited for")
        .isEqualTo(computes.transferNanos());
  }
}
