package dev.drey.runtime.plan;

import dev.drey.runtime.memory.MemorySize;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Chooses group size, step size, window, key/value pool and cache policy together: the most records
 * per second, {@code records(n) / max(compute(n), arrival(budget - KV(n) - activations(n)))}, under
 * the hard budget. It asks for every combination of a grid; the grid is fine where steps are small.
 *
 * <p>Speed grows ever more slowly with the group, while steps grow longer and delay checkpoints. So
 * the choice is the shortest step among those that come near the best speed.
 */
public final class Planner {
  /** Share of the best speed that a shorter step may cost. */
  public static final double NEAR_BEST = 0.99;

  private static final int LEAST_STEP_TOKENS = 32;
  private static final int MOST_STEP_TOKENS = 4096;
  private static final int STEP_TOKENS_MULTIPLE = 16;
  private static final int SIZES_PER_DOUBLING = 32;

  private final StepModel steps;
  private final MemoryLaw memory;
  private final Workload workload;
  private final List<WindowPolicy> policies;
  private final int mostSequences;
  private final double nearBest;

  /**
   * @param policies cache policies to choose from; of equals the first
   * @param mostSequences most sequences of a group, from 1 on
   */
  public Planner(
      StepModel steps,
      MemoryLaw memory,
      Workload workload,
      List<WindowPolicy> policies,
      int mostSequences) {
    this(steps, memory, workload, policies, mostSequences, NEAR_BEST);
  }

  Planner(
      StepModel steps,
      MemoryLaw memory,
      Workload workload,
      List<WindowPolicy> policies,
      int mostSequences,
      double nearBest) {
    this.steps = steps;
    this.memory = memory;
    this.workload = workload;
    this.policies = List.copyOf(policies);
    this.mostSequences = Math.min(mostSequences, MOST_STEP_TOKENS);
    this.nearBest = nearBest;
  }

  /**
   * The plan for a budget.
   *
   * @param budgetBytes hard total
   * @throws InsufficientMemoryException if nothing fits, with the number that would do
   */
  public GroupPlan solve(long budgetBytes) {
    List<GroupPlan> plans = new ArrayList<>();
    for (int sequences : groupSizes()) {
      for (int stepTokens : stepSizes(sequences)) {
        add(plans, sequences, stepTokens, budgetBytes);
      }
    }
    return choice(plans).orElseThrow(() -> tooSmall(budgetBytes));
  }

  /**
   * The plan for memory that is allocated already: window, key/value pool, step buffers and cache
   * policy stay as they are, and groups and steps are of any size that they hold.
   *
   * @param allocated the plan it was allocated for, by this planner or one that differs in its
   *     steps alone; it is one of those to choose from
   */
  GroupPlan solveWithin(GroupPlan allocated) {
    List<GroupPlan> plans = new ArrayList<>();
    for (int sequences : groupSizes()) {
      for (int stepTokens : stepSizes(sequences)) {
        FixedMemory fixed = memory.fixed(sequences, stepTokens, kvBlocks(sequences));
        if (fixed.fitsInto(allocated.memory().fixed())) {
          plans.add(
              plan(
                  sequences,
                  stepTokens,
                  allocated.kvBlocks(),
                  allocated.policy(),
                  allocated.memory()));
        }
      }
    }
    return choice(plans).orElse(allocated);
  }

  /** The same planner with other expectations of steps. */
  Planner expecting(StepModel others) {
    return new Planner(others, memory, workload, policies, mostSequences, nearBest);
  }

  /** What is expected of steps. */
  StepModel steps() {
    return steps;
  }

  private Optional<GroupPlan> choice(List<GroupPlan> plans) {
    double best =
        plans.stream().mapToDouble(plan -> plan.forecast().recordsPerSecond()).max().orElse(0);
    return plans.stream()
        .filter(plan -> plan.forecast().recordsPerSecond() >= nearBest * best)
        .min(GroupPlan.MODESTY);
  }

  /** The least bytes that any plan needs. */
  public long leastBytes() {
    FixedMemory fixed = memory.fixed(1, LEAST_STEP_TOKENS, kvBlocks(1));
    return fixed.total() + leastSlots() * memory.slotBytes();
  }

  /**
   * The bytes of a group of a size that is set, with the pool that the workload needs.
   *
   * @param window size of the residency window, a percentage being one of all experts' bytes
   */
  public long bytes(int sequences, int stepTokens, MemorySize window) {
    long all = memory.totalExperts() * memory.slotBytes();
    return memory.fixed(sequences, stepTokens, kvBlocks(sequences)).total()
        + Math.min(all, window.of(all));
  }

  private InsufficientMemoryException tooSmall(long budgetBytes) {
    FixedMemory fixed = memory.fixed(1, LEAST_STEP_TOKENS, kvBlocks(1));
    return new InsufficientMemoryException(
        "device memory of %d bytes is too small for any plan: the smallest that works is %d bytes (%s + %d expert slots of %d)"
            .formatted(budgetBytes, leastBytes(), fixed, leastSlots(), memory.slotBytes()),
        leastBytes());
  }

  private int leastSlots() {
    return Math.min(memory.leastSlots(), memory.totalExperts());
  }

  private int kvBlocks(int sequences) {
    int perSequence = (workload.computedTokens() + memory.blockTokens() - 1) / memory.blockTokens();
    return Math.max(memory.leastKvBlocks(), Math.multiplyExact(sequences, perSequence));
  }

  private void add(List<GroupPlan> plans, int sequences, int stepTokens, long budgetBytes) {
    int kvBlocks = kvBlocks(sequences);
    FixedMemory fixed = memory.fixed(sequences, stepTokens, kvBlocks);
    long left = budgetBytes - fixed.total();
    int slots = (int) Math.min(memory.totalExperts(), Math.max(0, left) / memory.slotBytes());
    if (slots < leastSlots()) {
      return;
    }
    MemoryPlan split = new MemoryPlan(fixed, slots, memory.slotBytes(), memory.totalExperts());
    for (WindowPolicy policy : policies) {
      plans.add(plan(sequences, stepTokens, kvBlocks, policy, split));
    }
  }

  private GroupPlan plan(
      int sequences, int stepTokens, int kvBlocks, WindowPolicy policy, MemoryPlan split) {
    MeanStep step = MeanStep.of(workload, sequences, stepTokens);
    StepForecast forecast = steps.forecast(step, split.slots(), policy);
    return new GroupPlan(sequences, stepTokens, kvBlocks, policy, split, forecast, workload);
  }

  /** Every size up to 64, then in steps of a thirty-second of a power of two. */
  private List<Integer> groupSizes() {
    List<Integer> sizes = new ArrayList<>();
    int size = 1;
    while (size <= mostSequences) {
      sizes.add(size);
      size += Math.max(1, Integer.highestOneBit(size) / SIZES_PER_DOUBLING);
    }
    return sizes;
  }

  /** Powers of two, and what the group fills if nothing limits it. */
  private Set<Integer> stepSizes(int sequences) {
    Set<Integer> sizes = new TreeSet<>();
    for (int size = LEAST_STEP_TOKENS; size <= MOST_STEP_TOKENS; size *= 2) {
      if (size >= sequences) {
        sizes.add(size);
      }
    }
    double filled = MeanStep.of(workload, sequences, Integer.MAX_VALUE).rows();
    int whole = (int) Math.ceil(filled / STEP_TOKENS_MULTIPLE) * STEP_TOKENS_MULTIPLE;
    if (whole >= Math.max(sequences, LEAST_STEP_TOKENS) && whole <= MOST_STEP_TOKENS) {
      sizes.add(whole);
    }
    return sizes;
  }
}
