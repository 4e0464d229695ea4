package dev.drey.runtime.bench;

import dev.drey.runtime.plan.Floor;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.StepWork;
import dev.drey.runtime.plan.WorkModel;
import java.util.List;

/**
 * One case did one phase once.
 *
 * @param steps work of each measured step
 * @param nanos time from the beginning of the first measured step to the end of the last
 * @param moves what the window did meanwhile
 * @param allocatedBytes heap bytes the computing thread allocated in those steps
 * @param allocatedByAll heap bytes all threads allocated meanwhile, the benchmark's own included
 * @param fetchedBytes bytes that came from the storage device meanwhile; negative if unknown
 * @param outputs digest of every token id and log-probability produced
 */
record Run(
    List<StepWork> steps,
    long nanos,
    Moves moves,
    long allocatedBytes,
    long allocatedByAll,
    long fetchedBytes,
    String outputs) {

  Run {
    steps = List.copyOf(steps);
  }

  /** Tokens computed. */
  long tokens() {
    return Math.round(steps.stream().mapToDouble(StepWork::rows).sum());
  }

  double tokensPerSecond() {
    return tokens() * 1e9 / nanos;
  }

  /** The least time of all steps. */
  Floor floor(WorkModel model, Machine machine) {
    return steps.stream().map(step -> model.floor(step, machine)).reduce(Floor.NONE, Floor::plus);
  }
}
