package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.drey.runtime.memory.MemorySize;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private static final MemoryLaw LAW = new SmallModel.Law();
  private static final List<WindowPolicy> POLICIES = List.of(WindowPolicy.values());
  private static final Machine SLOW_LINK = SmallModel.machine(1e9, 2e7);
  private static final Workload WORKLOAD = new Workload(40, 20);
  private static final int MOST = 24;

  private static Planner exact(Machine machine, Workload workload, List<WindowPolicy> policies) {
    return new Planner(SmallModel.steps(machine), LAW, workload, policies, MOST, 1);
  }

  private static Planner planner(Machine machine, Workload workload) {
    return new Planner(SmallModel.steps(machine), LAW, workload, POLICIES, MOST);
  }

  /** The most records per second of any combination, by trying all. */
  private static double bruteForce(Machine machine, Workload workload, long budget) {
    StepModel steps = SmallModel.steps(machine);
    double best = 0;
    for (int sequences = 1; sequences <= MOST; sequences++) {
      TreeSet<Integer> stepSizes = new TreeSet<>(List.of(32, 64, 128, 256, 512, 1024, 2048, 4096));
      double full = MeanStep.of(workload, sequences, Integer.MAX_VALUE).rows();
      stepSizes.add(Math.max(32, (int) Math.ceil(full / 16) * 16));
      int blocks = sequences * ((workload.computedTokens() + 15) / 16);
      for (int stepTokens : stepSizes) {
        for (int slots = 2; slots <= LAW.totalExperts(); slots++) {
          long total =
              LAW.fixed(sequences, stepTokens, Math.max(4, blocks)).total()
                  + slots * LAW.slotBytes();
          for (WindowPolicy policy : POLICIES) {
            MeanStep step = MeanStep.of(workload, sequences, stepTokens);
            if (total <= budget) {
              best = Math.max(best, steps.forecast(step, slots, policy).recordsPerSecond());
            }
          }
        }
      }
    }
    return best;
  }

  @Test
  void findsWhatTryingEverythingFinds() {
    SplittableRandom random = new SplittableRandom(5);
    for (int round = 0; round < 25; round++) {
      Machine machine =
          SmallModel.machine(
              Math.pow(10, 7 + 3 * random.nextDouble()),
              Math.pow(10, 5 + 4 * random.nextDouble()),
              random.nextDouble());
      Workload workload = new Workload(random.nextInt(1, 90), random.nextInt(1, 40));
      Planner planner = exact(machine, workload, POLICIES);
      long budget = planner.leastBytes() + random.nextLong(60_000);

      GroupPlan plan = planner.solve(budget);

      double best = bruteForce(machine, workload, budget);
      assertThat(plan.forecast().recordsPerSecond()).isCloseTo(best, within(1e-9 * best));
    }
  }

  @Test
  void theBytesOfAGroupAreABudgetThatAsGoodAPlanFitsInto() {
    Planner planner = exact(SLOW_LINK, WORKLOAD, POLICIES);
    int half = LAW.totalExperts() / 2;
    long budget = planner.bytes(10, 64, MemorySize.ofPercent(50));

    assertThat(budget).isEqualTo(LAW.fixed(10, 64, 10 * 4).total() + half * LAW.slotBytes());
    assertThat(planner.bytes(10, 64, MemorySize.ofBytes(1L << 40)))
        .as("a window is never larger than all experts")
        .isEqualTo(planner.bytes(10, 64, MemorySize.ofPercent(100)));
    GroupPlan plan = planner.solve(budget);
    StepForecast given =
        SmallModel.steps(SLOW_LINK)
            .forecast(MeanStep.of(WORKLOAD, 10, 64), half, WindowPolicy.PINNED);
    assertThat(plan.memory().totalBytes()).isLessThanOrEqualTo(budget);
    assertThat(plan.forecast().recordsPerSecond()).isGreaterThanOrEqualTo(given.recordsPerSecond());
  }

  @Test
  void moreMemoryIsNeverSlower() {
    for (Workload workload : List.of(WORKLOAD, new Workload(64, 1), new Workload(1, 30))) {
      Planner planner = exact(SLOW_LINK, workload, POLICIES);
      double before = 0;
      for (long budget = planner.leastBytes(); budget < 150_000; budget += 700) {
        double speed = planner.solve(budget).forecast().recordsPerSecond();
        assertThat(speed).as("%s in %d", workload, budget).isGreaterThanOrEqualTo(before);
        before = speed;
      }
    }
  }

  @Test
  void neverExceedsTheBudgetAndTheLeastThatWorksWorks() {
    Planner planner = planner(SLOW_LINK, WORKLOAD);
    for (long budget = planner.leastBytes(); budget < 150_000; budget += 311) {
      GroupPlan plan = planner.solve(budget);
      FixedMemory fixed = LAW.fixed(plan.sequences(), plan.stepTokens(), plan.kvBlocks());

      assertThat(plan.memory().totalBytes()).isLessThanOrEqualTo(budget);
      assertThat(plan.memory().fixed()).isEqualTo(fixed);
      assertThat(plan.memory().slots()).isBetween(2, LAW.totalExperts());
      assertThat(plan.stepTokens()).isGreaterThanOrEqualTo(plan.sequences());
      assertThat(plan.kvBlocks() * 16)
          .isGreaterThanOrEqualTo(plan.sequences() * WORKLOAD.computedTokens());
    }
  }

  @Test
  void oneByteLessThanTheLeastIsRefusedWithTheNumber() {
    Planner planner = planner(SLOW_LINK, WORKLOAD);
    long least = planner.leastBytes();
    assertThat(planner.solve(least).memory().totalBytes()).isEqualTo(least);

    assertThatThrownBy(() -> planner.solve(least - 1))
        .isInstanceOf(InsufficientMemoryException.class)
        .hasMessageContaining("smallest that works is " + least + " bytes")
        .extracting("neededBytes")
        .isEqualTo(least);
    assertThatThrownBy(() -> planner.solve(0)).isInstanceOf(InsufficientMemoryException.class);
  }

  @Test
  void aShorterStepIsTakenIfItIsNearlyAsFast() {
    Machine fastLink = SmallModel.machine(1e9, 1e12);
    double best =
        exact(fastLink, WORKLOAD, POLICIES).solve(1_000_000).forecast().recordsPerSecond();

    GroupPlan modest = planner(fastLink, WORKLOAD).solve(1_000_000);

    assertThat(modest.forecast().recordsPerSecond()).isBetween(Planner.NEAR_BEST * best, best);
    assertThat(modest.forecast().nanos())
        .isLessThan(exact(fastLink, WORKLOAD, POLICIES).solve(1_000_000).forecast().nanos());
  }

  @Test
  void aSlowLinkAsksForLargerGroupsThanAFastOne() {
    long budget = planner(SLOW_LINK, WORKLOAD).leastBytes() + 25_000;
    Machine fastLink = SmallModel.machine(1e9, 1e12);
    List<WindowPolicy> lru = List.of(WindowPolicy.LRU);

    GroupPlan slow = exact(SLOW_LINK, WORKLOAD, lru).solve(budget);
    GroupPlan fast =
        new Planner(SmallModel.steps(fastLink), LAW, WORKLOAD, lru, MOST).solve(budget);

    assertThat(slow.sequences()).isGreaterThan(fast.sequences());
    assertThat(slow.forecast().arrivalNanos()).isGreaterThan(slow.forecast().computeNanos());
  }

  @Test
  void aPolicyThatKeepsAFixedSetIsChosenWhereThatIsFasterAndOnlyThere() {
    Planner both = exact(SLOW_LINK, WORKLOAD, POLICIES);
    Planner lru = exact(SLOW_LINK, WORKLOAD, List.of(WindowPolicy.LRU));
    int faster = 0;
    for (long budget = both.leastBytes(); budget < 150_000; budget += 1000) {
      GroupPlan plan = both.solve(budget);
      double without = lru.solve(budget).forecast().recordsPerSecond();
      boolean pinned = plan.policy() == WindowPolicy.PINNED;
      assertThat(pinned).isEqualTo(plan.forecast().recordsPerSecond() > without);
      faster += pinned ? 1 : 0;
    }
    assertThat(faster).isPositive();
    assertThat(both.solve(1_000_000).policy()).isEqualTo(WindowPolicy.LRU);
  }

  @Test
  void withinAllocatedMemoryItFindsWhatIsFastestThere() {
    SplittableRandom random = new SplittableRandom(9);
    StepModel steps = SmallModel.steps(SLOW_LINK);
    Planner planner = planner(SLOW_LINK, WORKLOAD);
    int others = 0;
    for (int round = 0; round < 40; round++) {
      GroupPlan allocated = planner.solve(planner.leastBytes() + random.nextLong(80_000));
      StepModel measured =
          steps.corrected(
              Math.pow(10, 2 * random.nextDouble() - 1), Math.pow(10, 4 * random.nextDouble() - 2));

      GroupPlan plan = planner.expecting(measured).solveWithin(allocated);

      assertThat(plan.sequences()).isBetween(1, allocated.sequences());
      assertThat(plan.stepTokens()).isBetween(plan.sequences(), allocated.stepTokens());
      assertThat(plan.memory()).isEqualTo(allocated.memory());
      assertThat(plan.kvBlocks()).isEqualTo(allocated.kvBlocks());
      assertThat(plan.policy()).isEqualTo(allocated.policy());
      StepForecast unchanged =
          measured.forecast(
              allocated.forecast().step(), allocated.memory().slots(), allocated.policy());
      assertThat(plan.forecast().recordsPerSecond())
          .isGreaterThanOrEqualTo(Planner.NEAR_BEST * unchanged.recordsPerSecond());
      others += plan.sequences() == allocated.sequences() ? 0 : 1;
    }
    assertThat(others).isPositive();
  }

  @Test
  void noMoreSequencesArePlannedThanThereAreRecords() {
    Planner few = new Planner(SmallModel.steps(SLOW_LINK), LAW, WORKLOAD, POLICIES, 3, 1);

    assertThat(few.solve(1_000_000).sequences()).isLessThanOrEqualTo(3);
  }
}
