package dev.drey.runtime;

import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import java.util.Iterator;
import java.util.function.Consumer;

/**
 * Runs sequences through an engine without Flink: what the pipeline does, in one thread and one
 * page. The oracle of the operators' tests and the baseline of the benchmarks.
 */
public final class DecodeLoop {
  private final MoeEngine engine;
  private final StepScheduler scheduler;
  private final Step step;

  /** A loop with an empty table. */
  public DecodeLoop(MoeEngine engine) {
    this.engine = engine;
    this.scheduler = engine.newScheduler();
    this.step = engine.newStep();
  }

  /**
   * Runs all sequences to their end, admitting them as the table has room.
   *
   * @param sink receives each sequence as it finishes
   */
  public void run(Iterator<Sequence> sequences, Consumer<Sequence> sink) {
    while (true) {
      while (scheduler.free() > 0 && sequences.hasNext()) {
        scheduler.admit(sequences.next());
      }
      if (!step(sink)) {
        return;
      }
    }
  }

  /**
   * Runs one step over the sequences in the table.
   *
   * @return false if there was nothing to do
   */
  public boolean step(Consumer<Sequence> sink) {
    if (!scheduler.plan(step)) {
      return false;
    }
    engine.embed(step);
    engine.runLayers(step, 0, engine.layers(), engine::prefetch);
    engine.sample(step);
    scheduler.complete(step).forEach(sink);
    return true;
  }

  /** The table, for admission and inspection. */
  public StepScheduler scheduler() {
    return scheduler;
  }
}
