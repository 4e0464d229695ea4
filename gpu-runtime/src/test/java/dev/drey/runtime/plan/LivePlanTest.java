package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A plan that follows a machine made of numbers: steps take what another step model says. */
class LivePlanTest {
  private static final Workload WORKLOAD = new Workload(40, 20);
  private static final MemoryLaw LAW = new RoomyLaw();

  /** Makes steps of the small model take about a second, so that a window is the fewest steps. */
  private static final double SLOW = 5000;

  private static final double FAST_LINK = 2e8;

  /** Gives up enough speed for a short step that a slower link has a larger group to go to. */
  private static final double NEAR_BEST = 0.98;

  private static final long BUDGET = 210_000;

  private final StepModel planned = steps(FAST_LINK);
  private final Planner planner =
      new Planner(planned, LAW, WORKLOAD, List.of(WindowPolicy.values()), 100, NEAR_BEST);
  private final GroupPlan first = planner.solve(BUDGET);
  private final List<Double> kept = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(3);

  // -- the machine as it is
  private StepModel truth = planned;
  private double noise;
  private LinkUse link = LinkUse.NONE;

  private final LivePlan live = new LivePlan(first, planner, () -> link, kept::add);

  private static StepModel steps(double linkBytesPerSecond) {
    return SmallModel.steps(SmallModel.machine(1e15, linkBytesPerSecond)).corrected(SLOW, 1 / SLOW);
  }

  /** Room for more sequences than are planned, as where the pool is as small as it may be. */
  private static final class RoomyLaw extends SmallModel.Law {
    @Override
    public FixedMemory fixed(int sequences, int stepTokens, int kvBlocks) {
      return super.fixed(100, 512, kvBlocks);
    }

    @Override
    public int leastKvBlocks() {
      return 400;
    }
  }

  private StepForecast step() {
    GroupPlan now = live.current();
    return truth.forecast(
        MeanStep.of(WORKLOAD, now.sequences(), now.stepTokens()),
        first.memory().slots(),
        first.policy());
  }

  private void run(int windows) {
    for (int i = 0; i < windows * LivePlan.LEAST_STEPS; i++) {
      step(1);
    }
  }

  /** One step of the machine; returns what it took. */
  private long step(double times) {
    StepForecast step = step();
    double factor = times * (1 + noise * (2 * random.nextDouble() - 1));
    double nanos = factor * step.nanos();
    double bytes = step.arrivalNanos() * truth.arrivalBytesPerSecond() / 1e9;
    link =
        new LinkUse(
            link.bytes() + (long) bytes,
            link.busyNanos() + (long) (factor * step.arrivalNanos()),
            link.stallNanos() + (long) (nanos - factor * step.computeNanos()));
    live.observe(step.step(), (long) nanos);
    return (long) nanos;
  }

  @Test
  void aLinkThatGetsSlowerLeadsToALargerGroupWhoseStepsTakeWhatItExpects() {
    run(12);
    assertThat(live.stats().resolves()).isZero();
    double before = step().recordsPerSecond();

    truth = planned.corrected(1, 0.25);
    double unchanged = step().recordsPerSecond();
    run(12);

    assertThat(before).isGreaterThan(unchanged);
    assertThat(live.stats().arrivalRatio()).isCloseTo(0.25, within(1e-3));
    assertThat(live.stats().slowdown()).isEqualTo(1);
    assertThat(live.stats().sequences()).isGreaterThan(first.sequences());
    assertThat(live.stats().sequences()).isEqualTo(live.current().sequences());
    double expected = live.current().forecast().nanos();
    assertThat(step().nanos()).isCloseTo(expected, within(1e-3 * expected));
    assertThat(step().recordsPerSecond()).isGreaterThan(1.1 * unchanged);
    assertThat(live.stats().resolves()).isEqualTo(1);
  }

  @Test
  void aLinkThatRecoversBringsTheFirstPlanBack() {
    truth = planned.corrected(1, 0.2);
    run(12);
    assertThat(live.current()).isNotEqualTo(first);

    truth = planned;
    run(12);

    assertThat(live.current()).isSameAs(first);
    assertThat(live.stats().arrivalRatio()).isEqualTo(1);
    assertThat(live.stats().resolves()).isEqualTo(2);
  }

  @Test
  void processorsThatOthersUseAreTakenIntoAccountUntilTheyAreFreeAgain() {
    run(12);
    truth = planned.corrected(3, 1);
    run(24);
    assertThat(live.stats().slowdown()).isCloseTo(3, within(0.01));
    assertThat(live.stats().arrivalRatio()).isEqualTo(1);

    truth = planned;
    run(12);
    assertThat(live.stats().slowdown()).isEqualTo(1);
    assertThat(live.current()).isSameAs(first);
  }

  @Test
  void noiseOfTenPercentNeverPlansAgain() {
    noise = 0.1;
    run(400);
    assertThat(live.stats().resolves()).isZero();
  }

  @Test
  void aStallOfOneStepDoesNotPlanAgain() {
    run(12);
    for (int i = 0; i < 20; i++) {
      step(200);
      run(2);
    }
    assertThat(live.stats().resolves()).isZero();
  }

  @Test
  void whatTheModelIsAlwaysOffByIsNoDrift() {
    for (double error : new double[] {0.82, 1.22}) {
      LivePlanTest machine = new LivePlanTest();
      machine.truth = machine.planned.corrected(error, 1);
      machine.run(24);
      assertThat(machine.live.stats().resolves()).isZero();
      machine.truth = machine.planned.corrected(2 * error, 1);
      machine.run(24);
      assertThat(machine.live.stats().slowdown()).isCloseTo(2, within(0.02));
    }
  }

  @Test
  void aMachineThatWasBusyWhenItWasMeasuredIsFoundToBeFaster() {
    truth = planned.corrected(0.4, 1);
    run(24);
    assertThat(live.stats().slowdown()).isCloseTo(0.4 * Drift.BAND, within(0.01));
  }

  @Test
  void aLinkThatNothingWaitsForMayLookSlow() {
    for (int i = 0; i < 200; i++) {
      StepForecast step = step();
      link =
          new LinkUse(
              link.bytes() + (long) (step.arrivalNanos() * truth.arrivalBytesPerSecond() / 1e9),
              link.busyNanos() + (long) step.nanos(),
              0);
      live.observe(step.step(), (long) step.nanos());
    }
    assertThat(step().arrivalNanos()).isPositive().isLessThan(0.5 * step().nanos());
    assertThat(live.stats().resolves()).isZero();
  }

  @Test
  void computingThatHidesBehindStallsMayLookSlow() {
    run(12);
    truth = planned.corrected(1, 0.05);
    for (int i = 0; i < 200; i++) {
      StepForecast step = step();
      double rate = truth.arrivalBytesPerSecond();
      link =
          new LinkUse(
              link.bytes() + (long) (step.arrivalNanos() * rate / 1e9),
              link.busyNanos() + (long) step.arrivalNanos(),
              link.stallNanos() + (long) (0.6 * step.nanos()));
      assertThat(0.4 * step.nanos()).isGreaterThan(1.5 * step.computeNanos());
      live.observe(step.step(), (long) step.nanos());
    }
    assertThat(live.stats().slowdown()).isEqualTo(1);
    assertThat(live.stats().arrivalRatio()).isCloseTo(0.05, within(1e-3));
  }

  @Test
  void theMemoryStaysAsItIsWhateverTheMachineDoes() {
    for (int i = 0; i < 60; i++) {
      truth =
          planned.corrected(
              Math.pow(10, 2 * random.nextDouble() - 1), Math.pow(10, 4 * random.nextDouble() - 3));
      run(5);
      GroupPlan now = live.current();
      int blocks = now.sequences() * ((WORKLOAD.computedTokens() + 15) / 16);
      assertThat(LAW.fixed(now.sequences(), now.stepTokens(), blocks).total())
          .isLessThanOrEqualTo(first.memory().fixed().total());
      assertThat(blocks).isLessThanOrEqualTo(first.kvBlocks());
      assertThat(now.memory()).isEqualTo(first.memory());
      assertThat(now.policy()).isEqualTo(first.policy());
      assertThat(now.kvBlocks()).isEqualTo(first.kvBlocks());
      assertThat(live.anew(BUDGET).memory().totalBytes()).isLessThanOrEqualTo(BUDGET);
    }
    assertThat(live.stats().resolves()).isGreaterThan(30);
  }

  @Test
  void aRateThatLastsIsToldOnceAndOneThatPassesIsNot() {
    truth = planned.corrected(1, 0.25);
    run(7);
    truth = planned;
    run(4);
    truth = planned.corrected(1, 0.25);
    run(4);
    assertThat(live.stats().resolves()).isEqualTo(3);
    assertThat(kept).isEmpty();

    for (long nanos = 0; nanos < 3 * LivePlan.LASTING_NANOS; nanos += LivePlan.LEAST_NANOS) {
      live.observe(step().step(), LivePlan.LEAST_NANOS);
    }
    assertThat(kept).as("nothing was moved meanwhile").isEmpty();
    for (long nanos = 0; nanos < 3 * LivePlan.LASTING_NANOS; ) {
      nanos += step(1);
    }

    double rate = planned.arrivalBytesPerSecond() / 4;
    assertThat(kept)
        .singleElement()
        .satisfies(told -> assertThat(told).isCloseTo(rate, within(1.0)));
  }
}
