package dev.drey.runtime.simulate;

import dev.drey.runtime.predict.PredictorOptions;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to simulate.
 *
 * @param trace the file
 * @param budgets window sizes as shares of all experts, above 0 to 1
 * @param policies names of cache policies
 * @param predictions what is prefetched, one of {@link Predictions#names()}
 * @param prediction settings of the predictor
 * @param bytesPerSecond rate of the link; null for the recorded one
 * @param layerNanos computing of one layer of one step; 0 for the recorded times
 * @param threads replays at a time
 */
public record SimulationOptions(
    Path trace,
    List<Double> budgets,
    List<String> policies,
    String predictions,
    PredictorOptions prediction,
    @Nullable Double bytesPerSecond,
    long layerNanos,
    int threads) {
  public SimulationOptions {
    budgets = List.copyOf(budgets);
    policies = List.copyOf(policies);
    require(!budgets.isEmpty(), "at least one budget");
    require(!policies.isEmpty(), "at least one policy");
    for (double budget : budgets) {
      require(budget > 0 && budget <= 1, "budgets above 0 and up to 1, found " + budget);
    }
    require(threads >= 1, "at least 1 thread, found " + threads);
  }

  private static void require(boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException("a simulation needs " + expected);
    }
  }
}
