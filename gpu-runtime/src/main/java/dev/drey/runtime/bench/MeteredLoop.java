package dev.drey.runtime.bench;

import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.plan.StepWork;
import dev.drey.runtime.probe.StorageReads;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Runs one phase through one engine, step by step as {@code DecodeLoop} does, and counts.
 *
 * <p>The clock runs from the beginning of a measured step to the end of the last that follows
 * without one that is not measured, counting included.
 */
final class MeteredLoop {
  private final MoeEngine engine;
  private final Step step;
  private final OutputDigest outputs = new OutputDigest();
  private final List<StepWork> work = new ArrayList<>();
  private Moves moves = Moves.NONE;
  private long nanos;
  private long allocated;
  private long allocatedByAll;
  private long fetched;

  MeteredLoop(MoeEngine engine) {
    this.engine = engine;
    this.step = engine.newStep();
  }

  /**
   * Every step until all sequences are finished; places that become free are filled between steps.
   */
  Run toTheEnd(List<SequenceRequest> requests) {
    List<Sequence> sequences = requests.stream().map(Sequence::fresh).toList();
    try (StepScheduler scheduler = engine.newScheduler()) {
      measure(scheduler, new ArrayDeque<>(sequences), Integer.MAX_VALUE);
      sequences.forEach(sequence -> outputs.add(sequence, Integer.MAX_VALUE));
    }
    return run();
  }

  /**
   * So many steps of each group in which all its sequences decode. The steps in which a group's
   * prompts are read come before and are not measured. Each group takes the places of the one
   * before it as a whole, so that all measured steps have as many rows as the group has sequences,
   * whatever its size. What is left over in the end is a smaller group, which is not measured. Of
   * each sequence's output, what all sizes produce is compared.
   *
   * @param group sequences computed together
   * @param steps how many are measured
   */
  Run decoding(List<SequenceRequest> requests, int group, int steps) {
    for (int first = 0; first < requests.size(); first += group) {
      int end = Math.min(first + group, requests.size());
      List<Sequence> sequences =
          requests.subList(first, end).stream().map(Sequence::fresh).toList();
      try (StepScheduler scheduler = engine.newScheduler()) {
        sequences.forEach(scheduler::admit);
        readPrompts(scheduler, sequences.size());
        if (sequences.size() == group) {
          measure(scheduler, new ArrayDeque<>(), steps);
        } else {
          compute(scheduler, steps);
        }
        sequences.forEach(sequence -> outputs.add(sequence, 1 + steps));
      }
    }
    return run();
  }

  private void readPrompts(StepScheduler scheduler, int sequences) {
    do {
      compute(scheduler, 1);
    } while (step.decodeSequences() < sequences);
  }

  private void compute(StepScheduler scheduler, int steps) {
    for (int i = 0; i < steps; i++) {
      if (!scheduler.plan(step)) {
        throw new IllegalStateException("sequences ended before all of them had decoded");
      }
      compute(scheduler);
    }
  }

  private void measure(StepScheduler scheduler, Deque<Sequence> waiting, int mostSteps) {
    long allBefore = Allocations.ofAllThreads();
    long fetchedBefore = StorageReads.bytes();
    long start = System.nanoTime();
    int steps = 0;
    while (steps < mostSteps && meteredStep(scheduler, waiting)) {
      steps++;
    }
    nanos += System.nanoTime() - start;
    allocatedByAll += Allocations.ofAllThreads() - allBefore;
    fetched += StorageReads.since(fetchedBefore);
  }

  private boolean meteredStep(StepScheduler scheduler, Deque<Sequence> waiting) {
    ResidencyStats before = engine.stats().residency();
    long allocatedBefore = Allocations.ofThisThread();
    while (!waiting.isEmpty() && scheduler.free() > 0) {
      scheduler.admit(waiting.remove());
    }
    if (!scheduler.plan(step)) {
      return false;
    }
    compute(scheduler);
    allocated += Allocations.ofThisThread() - allocatedBefore;
    Moves stepMoves = Moves.between(before, engine.stats().residency());
    moves = moves.plus(stepMoves);
    work.add(StepCount.of(step.batch(), stepMoves.demanded(), stepMoves.broughtIn()));
    return true;
  }

  private void compute(StepScheduler scheduler) {
    engine.embed(step);
    engine.runLayers(step, 0, engine.layers(), engine::prefetch);
    engine.sample(step);
    scheduler.complete(step);
  }

  private Run run() {
    return new Run(work, nanos, moves, allocated, allocatedByAll, fetched, outputs.hex());
  }
}
