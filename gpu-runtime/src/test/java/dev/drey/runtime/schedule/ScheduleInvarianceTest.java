package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The scheduler's promise: whatever its limits, the clock, the pool, shared prefixes, preemptions
 * and restarts, every request ends the same. The oracle serves each one alone.
 */
class ScheduleInvarianceTest {
  private static final int TIGHT = 12;
  private static final int AMPLE = 200;

  private final List<SequenceRequest> requests = Requests.mixed(1, 32);
  private final Map<String, String> expected = new HashMap<>();

  // -- what the runs of one test went through
  private TokenCounters counters = TokenCounters.ZERO;
  private long preemptions;
  private int restores;
  private int changes;
  private long reused;

  ScheduleInvarianceTest() {
    Oracle oracle = new Oracle(Bench.LIMITS);
    for (SequenceRequest request : requests) {
      expected.put(request.id(), oracle.serve(request));
    }
  }

  @Test
  void theOracleSeesEveryWayToEnd() {
    assertThat(expected.values())
        .anyMatch(outcome -> outcome.endsWith("STOP"))
        .anyMatch(outcome -> outcome.endsWith("LENGTH"))
        .anyMatch(outcome -> outcome.contains(" true ") && !outcome.contains("''"))
        .anyMatch(outcome -> outcome.contains(" false "));
  }

  @Test
  void noLimitChangesAnyOutcome() {
    for (int maxSequences : new int[] {1, 3, 8}) {
      for (int microBatch : new int[] {1, 2, 8}) {
        for (int chunk : new int[] {1, 5, 64}) {
          for (int stepTokens : new int[] {maxSequences, 11, 64}) {
            for (int blocks : new int[] {TIGHT, AMPLE}) {
              ScheduleConfig config =
                  new ScheduleConfig(
                      maxSequences,
                      microBatch,
                      Math.max(stepTokens, maxSequences),
                      chunk,
                      1_000_000);
              verify(config, blocks, 0);
              verify(config.withoutPrefixReuse(), blocks, 0);
            }
          }
        }
      }
    }
    assertThat(preemptions).isPositive();
    assertThat(counters.recomputed()).isPositive();
    assertThat(counters.rePrefilled()).isZero();
    assertThat(reused).isPositive();
  }

  @Test
  void noRestartChangesAnyOutcome() {
    SplittableRandom random = new SplittableRandom(2);
    for (int round = 0; round < 150; round++) {
      int maxSequences = random.nextInt(1, 10);
      verify(
          new ScheduleConfig(
              maxSequences,
              random.nextInt(1, 10),
              maxSequences + random.nextInt(40),
              random.nextInt(1, 20),
              random.nextInt(1, 100_000),
              random.nextInt(4) > 0),
          random.nextBoolean() ? TIGHT : AMPLE,
          random.nextInt(1, 1_000_000));
    }
    assertThat(restores).isGreaterThan(150);
    assertThat(preemptions).isPositive();
    assertThat(counters.recomputed()).isPositive();
    assertThat(counters.rePrefilled()).isPositive();
    assertThat(reused).isPositive();
  }

  @Test
  void noChangeOfLimitsWhileSequencesRunChangesAnyOutcome() {
    for (int seed = 1; seed <= 60; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int maxSequences = random.nextInt(1, 10);
      ScheduleConfig widest =
          new ScheduleConfig(maxSequences, 4, maxSequences + random.nextInt(40), 10, 1_000_000);
      verify(widest, random.nextBoolean() ? TIGHT : AMPLE, seed % 2 == 0 ? seed : 0, random);
    }
    assertThat(changes).isGreaterThan(1000);
    assertThat(restores).isPositive();
    assertThat(preemptions).isPositive();
  }

  private static ScheduleConfig within(ScheduleConfig widest, SplittableRandom random) {
    int stepTokens = random.nextInt(1, widest.maxStepTokens() + 1);
    return new ScheduleConfig(
        random.nextInt(1, Math.min(10, stepTokens) + 1),
        random.nextInt(1, 10),
        stepTokens,
        random.nextInt(1, 20),
        random.nextInt(1, 100_000),
        widest.prefixReuse());
  }

  /** Serves all requests; with a restart seed other than 0, restarts at random steps. */
  private void verify(ScheduleConfig config, int blocks, int restartSeed) {
    verify(config, blocks, restartSeed, null);
  }

  /** The same, with other limits every now and then if there is a source of them. */
  private void verify(
      ScheduleConfig config, int blocks, int restartSeed, @Nullable SplittableRandom limits) {
    Map<String, String> outcomes = new HashMap<>();
    SplittableRandom random = new SplittableRandom(restartSeed);
    Deque<SequenceRequest> input = new ArrayDeque<>(requests);
    Bench bench = new Bench(config, blocks);
    while (!input.isEmpty() || !bench.scheduler.isEmpty()) {
      while (!input.isEmpty() && bench.scheduler.free() > 0 && random.nextInt(4) > 0) {
        bench.scheduler.admit(Sequence.fresh(input.remove()));
      }
      if (!bench.scheduler.isEmpty()) {
        bench.nanosPerRow = random.nextInt(50_000);
        for (Sequence sequence : bench.step()) {
          assertThat(outcomes.put(sequence.request().id(), Oracle.describe(sequence))).isNull();
          verifyCounters(sequence, config.prefixReuse());
        }
      }
      if (limits != null && limits.nextInt(3) == 0) {
        bench.changeLimits(within(config, limits));
        changes++;
      }
      if (restartSeed != 0 && random.nextInt(12) == 0) {
        bench = restart(bench, config, random.nextBoolean() ? TIGHT : AMPLE);
      }
    }
    count(bench);
    bench.close();
    expected.forEach(
        (id, outcome) ->
            assertThat(outcomes.get(id))
                .as("%s: %s, %d blocks, restarts by seed %d", id, config, blocks, restartSeed)
                .isEqualTo(outcome));
  }

  private Bench restart(Bench before, ScheduleConfig config, int blocks) {
    List<Sequence> stored = new ArrayList<>();
    for (Sequence sequence : before.scheduler.sequences()) {
      stored.add(Sequence.restored(sequence.request(), sequence.progress()));
    }
    count(before);
    before.close();
    Bench after = new Bench(config, blocks);
    stored.forEach(after.scheduler::admit);
    restores++;
    return after;
  }

  private void count(Bench bench) {
    preemptions += bench.scheduler.preemptions();
    reused += bench.pool.reusedTokens();
    assertThat(bench.pool.reusedTokens() % Bench.BLOCK_TOKENS).isZero();
  }

  /** Every row is new exactly once, however often it was computed, unless it was never computed. */
  private void verifyCounters(Sequence sequence, boolean reuse) {
    TokenCounters rows = sequence.counters();
    int prompt = sequence.request().promptIds().length;
    boolean generates = sequence.generates();
    int all = generates ? prompt : prompt - 1;
    assertThat(rows.prefilled()).isBetween(reuse ? 1L : all, (long) all);
    assertThat(rows.generated()).isEqualTo(generates ? sequence.outputCount() - 1 : 0);
    counters = counters.plus(rows);
  }
}
