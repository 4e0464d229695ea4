package dev.drey.runtime.simulate;

import dev.drey.runtime.trace.RecallMetrics;
import dev.drey.runtime.trace.TraceHeader;
import java.util.List;

/**
 * What a simulation found.
 *
 * @param header what the trace was recorded of
 * @param missing events the recorder had no room for
 * @param events layers of steps replayed
 * @param steps forward passes
 * @param rows tokens computed
 * @param outputs tokens produced or scored
 * @param largestEvent most experts one layer of one step demanded
 * @param predictions what was prefetched
 * @param recall how good the predictions were, by distance
 * @param bytesPerSecond rate of the link
 * @param layerNanos computing of one layer; 0 if the recorded times were taken
 * @param budgets by window size
 */
public record SimulationReport(
    TraceHeader header,
    long missing,
    long events,
    long steps,
    long rows,
    long outputs,
    int largestEvent,
    String predictions,
    List<RecallMetrics> recall,
    double bytesPerSecond,
    long layerNanos,
    List<Budget> budgets) {

  public SimulationReport {
    recall = List.copyOf(recall);
    budgets = List.copyOf(budgets);
  }

  /**
   * One window size.
   *
   * @param share of all experts
   * @param bound what cannot be beaten
   * @param cells by policy
   */
  public record Budget(double share, BeladyBound bound, List<Cell> cells) {
    public Budget {
      cells = List.copyOf(cells);
    }
  }

  /**
   * One policy with one window size.
   *
   * @param result what it did
   * @param eventMicros what replaying it took per event, its decisions and the simulator's own work
   *     together: an upper bound on the policy's cost per layer on this machine
   */
  public record Cell(ReplayResult result, double eventMicros) {}

  /** Bytes moved per computed token. */
  public double bytesPerRow(double bytes) {
    return rows == 0 ? 0 : bytes / rows;
  }
}
