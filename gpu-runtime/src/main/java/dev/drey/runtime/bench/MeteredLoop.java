package dev.drey.runtime.bench;

import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.plan.StepWork;
import dev.drey.runtime.probe.StorageReads;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Runs one phase through one engine, step by step as {@code DecodeLoop} does, and counts.
 *
 * <p>The clock runs from the beginning of the first measured step to the end of the last, counting
 * included; in decoding the steps in which prompts are read come before and are not measured.
 */
final class MeteredLoop {
  private final MoeEngine engine;
  private final StepScheduler scheduler;
  private final Step step;
  private final List<Sequence> sequences = new ArrayList<>();
  private final List<StepWork> work = new ArrayList<>();
  private Moves moves = Moves.NONE;
  private long allocated;

  MeteredLoop(MoeEngine engine, List<SequenceRequest> requests) {
    this.engine = engine;
    this.scheduler = engine.newScheduler();
    this.step = engine.newStep();
    for (SequenceRequest request : requests) {
      Sequence sequence = Sequence.fresh(request);
      sequences.add(sequence);
      scheduler.admit(sequence);
    }
  }

  /** Every step until all sequences are finished. */
  Run toTheEnd() {
    return measure(Integer.MAX_VALUE);
  }

  /**
   * So many steps in which all sequences decode.
   *
   * @param steps how many are measured
   */
  Run decoding(int steps) {
    do {
      if (!scheduler.plan(step)) {
        throw new IllegalStateException("sequences ended before all of them were decoding");
      }
      compute();
    } while (step.decodeSequences() < sequences.size());
    return measure(steps);
  }

  private Run measure(int mostSteps) {
    long allBefore = Allocations.ofAllThreads();
    long fetchedBefore = StorageReads.bytes();
    long start = System.nanoTime();
    while (work.size() < mostSteps && meteredStep()) {}
    long nanos = System.nanoTime() - start;
    return new Run(
        work,
        nanos,
        moves,
        allocated,
        Allocations.ofAllThreads() - allBefore,
        StorageReads.since(fetchedBefore),
        outputs());
  }

  private boolean meteredStep() {
    ResidencyStats before = engine.stats().residency();
    long allocatedBefore = Allocations.ofThisThread();
    if (!scheduler.plan(step)) {
      return false;
    }
    compute();
    allocated += Allocations.ofThisThread() - allocatedBefore;
    Moves stepMoves = Moves.between(before, engine.stats().residency());
    moves = moves.plus(stepMoves);
    work.add(StepCount.of(step.batch(), stepMoves.demanded(), stepMoves.broughtIn()));
    return true;
  }

  private void compute() {
    engine.embed(step);
    engine.runLayers(step, 0, engine.layers(), engine::prefetch);
    engine.sample(step);
    scheduler.complete(step);
  }

  private String outputs() {
    OutputDigest digest = new OutputDigest();
    sequences.stream()
        .sorted(Comparator.comparing(sequence -> sequence.request().id()))
        .forEach(digest::add);
    scheduler.close();
    return digest.hex();
  }
}
