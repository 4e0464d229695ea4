package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.plan.LinkUse;
import dev.drey.runtime.plan.PlanStats;
import dev.drey.runtime.plan.Workload;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small engine whose steps are said to take anything: its plan changes, its results do not. */
class LiveLimitsTest {
  private static final long SECOND = 1_000_000_000;
  private static final TransferConfig UNPACED = TransferConfig.DEFAULT;

  @TempDir private static Path directory;
  private static List<String> expected = List.of();

  private PlannedGroup group;

  // -- what the machine is said to do
  private long stepNanos = SECOND;
  private double arrivalRatio = 1;
  private boolean stalls;
  private LinkUse link = new LinkUse(0, 0, 0);

  private static EngineConfig config(TransferConfig transfer) {
    return new EngineConfig(
            TestEngines.GOLDEN.toString(),
            "reference",
            ComputeType.F32,
            1,
            MemorySize.ofPercent(80),
            null,
            0,
            "gate.next-layer",
            "classic.lru",
            ScheduleConfig.DEFAULT,
            transfer)
        .plannedFor(new Workload(20, 30));
  }

  private static List<Sequence> sequences() {
    SplittableRandom random = new SplittableRandom(7);
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      int[] prompt = random.ints(random.nextInt(4, 60), 0, 100).toArray();
      sequences.add(
          Sequence.fresh(
              SequenceRequest.generate(
                  "r" + i, prompt, SamplingParams.greedy(random.nextInt(20, 60)))));
    }
    return sequences;
  }

  /** Ids and log-probabilities to the last bit, one line per sequence. */
  private static List<String> outcomes(List<Sequence> sequences) {
    return sequences.stream()
        .map(
            sequence ->
                Arrays.toString(sequence.outputIds())
                    + Arrays.toString(sequence.progress().logprobs()))
        .toList();
  }

  @BeforeAll
  static void runAsSet() throws IOException {
    List<Sequence> sequences = sequences();
    try (MoeEngine engine = MoeEngine.open(TestEngines.golden("100%"))) {
      new DecodeLoop(engine).run(sequences.iterator(), done -> {});
    }
    expected = outcomes(sequences);
    assertThat(expected).doesNotHaveDuplicates();
  }

  @BeforeEach
  void plan() {
    group = EnginePlanner.resolve(config(UNPACED), directory);
  }

  private LiveLimits limits(EnginePlanner open) {
    return new LiveLimits(
        group,
        open.planner(
            group.machine(), group.plan().workload(), EnginePlanner.NO_SKEW, Integer.MAX_VALUE),
        () -> link);
  }

  /** As the link is said to be, for one step. */
  private void move() {
    double rate = arrivalRatio * group.machine().arrivalBytesPerSecond();
    link =
        new LinkUse(
            link.bytes() + (long) (rate * stepNanos / 1e9),
            link.busyNanos() + stepNanos,
            link.stallNanos() + (stalls ? stepNanos : 0));
  }

  private void linkAt(double ratio) {
    arrivalRatio = ratio;
    stalls = true;
  }

  @Test
  void plansThatChangeWhileSequencesRunChangeNoBit() throws IOException {
    List<Sequence> sequences = sequences();
    try (EnginePlanner open = EnginePlanner.open(config(UNPACED));
        MoeEngine engine = MoeEngine.open(group.config())) {
      LiveLimits limits = limits(open);
      StepScheduler scheduler = engine.newScheduler();
      Step step = engine.newStep();
      sequences.forEach(scheduler::admit);
      for (int steps = 0; scheduler.plan(step); steps++) {
        linkAt(steps % 100 < 50 ? 1e-6 : 1);
        move();
        engine.embed(step);
        engine.runLayers(step, 0, engine.layers(), engine::prefetch);
        engine.sample(step);
        limits.observe(step, stepNanos, scheduler);
        scheduler.complete(step);
        scheduler.check();
      }
      assertThat(limits.stats().resolves()).isGreaterThanOrEqualTo(1);
      assertThat(engine.stats().peakBytes()).isLessThanOrEqualTo(engine.budget().limitBytes());
    }
    assertThat(outcomes(sequences)).isEqualTo(expected);
  }

  @Test
  void limitsOfAnySizeInAnyOrderChangeNoBit() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    List<Sequence> sequences = sequences();
    try (MoeEngine engine = MoeEngine.open(group.config())) {
      ScheduleConfig planned = group.config().schedule();
      DecodeLoop loop = new DecodeLoop(engine);
      sequences.forEach(loop.scheduler()::admit);
      do {
        int stepTokens = random.nextInt(1, planned.maxStepTokens() + 1);
        int most = random.nextInt(1, Math.min(stepTokens, planned.maxSequences()) + 1);
        loop.scheduler()
            .changeLimits(
                new ScheduleConfig(most, most, stepTokens, stepTokens, planned.stepNanos()));
      } while (loop.step(done -> {}));
    }
    assertThat(outcomes(sequences)).isEqualTo(expected);
  }

  @Test
  void anEngineSaysHowItsPlanIsDoingAndANewTableHasItsLimits() throws IOException {
    try (MoeEngine engine = MoeEngine.open(group);
        MoeEngine asSet = MoeEngine.open(group.config())) {
      assertThat(engine.stats().plan())
          .isEqualTo(new PlanStats(0, 1, 1, group.plan().sequences(), group.plan().stepTokens()));
      assertThat(engine.newScheduler().free()).isEqualTo(group.plan().sequences());
      assertThat(asSet.stats().plan()).isNull();
    }
  }

  private void runFor(Duration time, LiveLimits limits, MoeEngine engine) {
    StepScheduler scheduler = engine.newScheduler();
    Step step = engine.newStep();
    scheduler.admit(sequences().get(0));
    assertThat(scheduler.plan(step)).isTrue();
    for (long left = time.toNanos(); left > 0; left -= stepNanos) {
      move();
      limits.observe(step, stepNanos, scheduler);
    }
  }

  @Test
  void aRateThatLastsIsWhatTheNextStartPlansWith() throws IOException {
    double measured = group.machine().arrivalBytesPerSecond();
    try (EnginePlanner open = EnginePlanner.open(config(UNPACED));
        MoeEngine engine = MoeEngine.open(group.config())) {
      LiveLimits limits = limits(open);
      linkAt(0.01);
      runFor(Duration.ofMinutes(7), limits, engine);
      assertThat(limits.stats().arrivalRatio()).isCloseTo(0.01, within(1e-4));
      PlannedGroup next = EnginePlanner.resolve(config(UNPACED), directory);
      assertThat(next.machine().arrivalBytesPerSecond())
          .isCloseTo(measured / 100, within(measured / 1000));

      linkAt(1);
      runFor(Duration.ofMinutes(7), limits, engine);
      next = EnginePlanner.resolve(config(UNPACED), directory);
      assertThat(next.machine().arrivalBytesPerSecond())
          .isCloseTo(measured, within(1e-9 * measured));
      assertThat(next.plan().sequences()).isEqualTo(group.plan().sequences());
    }
  }

  @Test
  void whatAPaceMakesOfARateIsNotKept() throws IOException {
    TransferConfig paced = new TransferConfig(2, 1_000_000, Duration.ofMinutes(1), 3);
    group = EnginePlanner.resolve(config(paced), directory);
    OptionalDouble before = group.measurements().seenArrival();
    try (EnginePlanner open = EnginePlanner.open(config(paced));
        MoeEngine engine = MoeEngine.open(group.config())) {
      linkAt(0.01);
      runFor(Duration.ofMinutes(7), limits(open), engine);
    }
    assertThat(group.measurements().seenArrival()).isEqualTo(before);
  }
}
