package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.kvcache.FakeKvStore;
import dev.drey.runtime.kvcache.KvPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A scheduler with a fake model behind it and a clock the test moves. Checks the laws of table and
 * pool before and after every step.
 */
final class Bench implements AutoCloseable {
  static final int BLOCK_TOKENS = 4;
  static final int END = 3;
  static final ModelLimits LIMITS =
      new ModelLimits(FakeModel.VOCABULARY, 200, Set.of(END), Set.of(FakeModel.SHORT));

  final KvPool pool;
  final FakeModel model;
  final StepScheduler scheduler;
  final Step step;
  private final StepSampler sampler;
  long nanosPerRow;
  long nanosPerStep;
  private long now;

  Bench(ScheduleConfig config, int blocks) {
    FakeKvStore store = new FakeKvStore(blocks, BLOCK_TOKENS);
    pool = config.prefixReuse() ? KvPool.sharing(store) : new KvPool(store);
    model = new FakeModel(config, blocks, BLOCK_TOKENS);
    scheduler = new StepScheduler(config, LIMITS, pool, FakeDetokenizer::new, () -> now);
    step = new Step(config.maxStepTokens());
    sampler = new StepSampler(LIMITS, 3, 3);
  }

  void changeLimits(ScheduleConfig changed) {
    scheduler.changeLimits(changed);
    model.changeLimits(changed, scheduler.sequences().size());
  }

  /** Runs one step; returns what finished. */
  List<Sequence> step() {
    assertThat(scheduler.plan(step)).isTrue();
    scheduler.check();
    assertThat(step.rows().total()).isEqualTo(step.batch().rows());
    model.run(step.batch());
    now += nanosPerStep + nanosPerRow * step.batch().rows();
    sampler.sample(step, model::rows);
    List<Sequence> finished = scheduler.complete(step);
    scheduler.check();
    for (Sequence sequence : finished) {
      assertThat(sequence.finishReason()).isNotNull();
      assertThat(scheduler.sequences()).doesNotContain(sequence);
    }
    return finished;
  }

  /** Runs until the table is empty; returns what finished, in order. */
  List<Sequence> finish() {
    List<Sequence> finished = new ArrayList<>();
    while (!scheduler.isEmpty()) {
      finished.addAll(step());
    }
    return finished;
  }

  @Override
  public void close() {
    sampler.close();
    scheduler.close();
    scheduler.check();
    pool.close();
  }
}
