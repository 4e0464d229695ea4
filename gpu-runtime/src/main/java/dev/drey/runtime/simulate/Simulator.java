package dev.drey.runtime.simulate;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.simulate.SimulationReport.Budget;
import dev.drey.runtime.simulate.SimulationReport.Cell;
import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceSink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * Replays a trace for every policy and every window size, several replays at a time. The trace is
 * read once, predictions and next uses are computed once, all replays share them.
 */
public final class Simulator {
  private final SimulationOptions options;
  private final BiFunction<String, CacheShape, CachePolicy> policies;
  private final Consumer<String> progress;

  private record Named(int budget, String policy, Future<Cell> cell) {}

  /**
   * @param policies makes a new policy by its name for a model and a window
   * @param progress is told of each finished replay
   */
  public Simulator(
      SimulationOptions options,
      BiFunction<String, CacheShape, CachePolicy> policies,
      Consumer<String> progress) {
    this.options = options;
    this.policies = policies;
    this.progress = progress;
  }

  /**
   * Simulates.
   *
   * @throws dev.drey.runtime.trace.TraceFileException if the file is not a whole trace
   * @throws IllegalArgumentException if a policy is unknown, a window too small, or the link's rate
   *     neither given nor in the trace
   */
  public SimulationReport run() throws IOException {
    for (String name : options.policies()) { // unknown names fail before the work begins
      Objects.requireNonNull(policies.apply(name, CacheShape.of(1, 1, 1)), name);
    }
    RoutingTrace trace = RoutingTrace.read(options.trace());
    if (trace.events() == 0) {
      throw new IllegalArgumentException(options.trace() + " holds no routing; nothing to replay");
    }
    Predictions predictions = Predictions.named(trace, options.predictions(), options.prediction());
    Double rate = options.bytesPerSecond();
    CostModel cost =
        new CostModel(rate == null ? trace.bytesPerSecond() : rate, options.layerNanos());
    int[] slots = new int[options.budgets().size()];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = slots(trace, options.budgets().get(i));
    }
    ExecutorService threads = Executors.newFixedThreadPool(options.threads());
    try {
      return report(
          trace, predictions, cost, submit(threads, trace, predictions, cost, slots), slots);
    } finally {
      threads.shutdownNow();
    }
  }

  private static int slots(RoutingTrace trace, double share) {
    int all = trace.header().totalExperts();
    int slots = (int) Math.floor(share * all + 1e-9);
    if (slots < 2) {
      throw new IllegalArgumentException(
          "budget %s of %d experts is %d slots; a window needs at least 2, a budget of %s"
              .formatted(share, all, slots, 2.0 / all));
    }
    return slots;
  }

  private List<Named> submit(
      ExecutorService threads,
      RoutingTrace trace,
      Predictions predictions,
      CostModel cost,
      int[] slots) {
    List<Named> cells = new ArrayList<>();
    for (String name : options.policies()) {
      for (int budget = 0; budget < slots.length; budget++) {
        int held = slots[budget];
        CacheShape shape = shape(trace, held);
        Future<Cell> cell =
            threads.submit(
                () -> replay(trace, predictions, policies.apply(name, shape), held, cost));
        cells.add(new Named(budget, name, cell));
      }
    }
    return cells;
  }

  /** What an engine of the trace's model with so many slots tells its policy. */
  static CacheShape shape(RoutingTrace trace, int slots) {
    TraceHeader header = trace.header();
    return new CacheShape(header.expertLayers(), header.experts(), slots);
  }

  private static Cell replay(
      RoutingTrace trace, Predictions predictions, CachePolicy policy, int slots, CostModel cost) {
    long start = System.nanoTime();
    ReplayResult result = Replay.run(trace, predictions, policy, slots, cost, TraceSink.NONE);
    double micros = (System.nanoTime() - start) / 1e3 / trace.events();
    return new Cell(result, micros);
  }

  private SimulationReport report(
      RoutingTrace trace, Predictions predictions, CostModel cost, List<Named> cells, int[] slots) {
    BeladyBound.NextUses uses = BeladyBound.NextUses.of(trace);
    List<List<Cell>> byBudget = new ArrayList<>();
    for (int i = 0; i < slots.length; i++) {
      byBudget.add(new ArrayList<>());
    }
    int done = 0;
    for (Named named : cells) {
      byBudget.get(named.budget()).add(get(named));
      progress.accept(
          "%d/%d replays, %s in %d slots"
              .formatted(++done, cells.size(), named.policy(), slots[named.budget()]));
    }
    List<Budget> budgets = new ArrayList<>();
    for (int i = 0; i < slots.length; i++) {
      BeladyBound bound = BeladyBound.of(trace, uses, slots[i], cost);
      budgets.add(new Budget(options.budgets().get(i), bound, byBudget.get(i)));
    }
    return new SimulationReport(
        trace.header(),
        trace.missing(),
        trace.events(),
        trace.steps(),
        trace.rows(),
        trace.outputs(),
        trace.largestEvent(),
        options.predictions(),
        PredictionRecall.of(trace, predictions),
        cost.bytesPerSecond(),
        cost.layerNanos(),
        budgets);
  }

  private static Cell get(Named named) {
    try {
      return named.cell().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while replaying " + named.policy());
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "replaying policy '%s' failed: %s".formatted(named.policy(), e.getCause()), e.getCause());
    }
  }
}
