package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.sampling.Params;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What sequences share, when, and what that saves. Blocks have four tokens. */
class PrefixReuseTest {
  private static final int[] SYSTEM = {5, 9, 2, 2, 7, 1, 8, 11};

  private static Bench bench(int maxSequences, int stepTokens, int chunk, int blocks) {
    return new Bench(new ScheduleConfig(maxSequences, 8, stepTokens, chunk, 1_000_000_000), blocks);
  }

  private static int[] after(int[] beginning, int... more) {
    int[] ids = Arrays.copyOf(beginning, beginning.length + more.length);
    System.arraycopy(more, 0, ids, beginning.length, more.length);
    return ids;
  }

  private static Sequence generation(int maxTokens, int... prompt) {
    return Sequence.fresh(
        SequenceRequest.generate(
            "g", prompt, new Params().maxTokens(maxTokens).ignoreEos().build()));
  }

  private static long rows(Sequence sequence) {
    return sequence.counters().total();
  }

  @Test
  void aLaterSequenceComputesOnlyWhatFollowsTheWholeBlocksItShares() {
    try (Bench bench = bench(1, 64, 64, 20)) {
      Sequence first = generation(1, after(SYSTEM, 3, 4, 6));
      Sequence second = generation(1, after(SYSTEM, 3, 10));
      bench.scheduler.admit(first);
      bench.finish();
      bench.scheduler.admit(second);
      bench.finish();

      assertThat(rows(first)).isEqualTo(11);
      assertThat(rows(second)).isEqualTo(2);
      assertThat(bench.pool.reusedTokens()).isEqualTo(8);
    }
  }

  @Test
  void oneDifferentTokenEndsWhatIsShared() {
    int[] other = SYSTEM.clone();
    other[4]++;
    try (Bench bench = bench(1, 64, 64, 20)) {
      bench.scheduler.admit(generation(1, after(SYSTEM, 3)));
      bench.finish();
      Sequence second = generation(1, after(other, 3));
      bench.scheduler.admit(second);
      bench.finish();

      assertThat(rows(second)).isEqualTo(5);
    }
  }

  @Test
  void thePromptsLastTokenIsComputedEvenIfAllOfItIsStored() {
    try (Bench bench = bench(1, 64, 64, 20)) {
      bench.scheduler.admit(generation(3, SYSTEM));
      bench.finish();
      Sequence second = generation(3, SYSTEM);
      bench.scheduler.admit(second);
      bench.finish();

      assertThat(second.counters().prefilled()).isEqualTo(4);
      assertThat(bench.pool.reusedTokens()).isEqualTo(4);
    }
  }

  @Test
  void scoringComputesEveryRowWhoseLogitsItNeeds() {
    int[] text = after(SYSTEM, 3, 4, 6, 13);
    try (Bench bench = bench(1, 64, 64, 20)) {
      bench.scheduler.admit(Sequence.fresh(SequenceRequest.score("a", text, 9, 0)));
      bench.finish();
      Sequence whole = Sequence.fresh(SequenceRequest.score("b", text, 1, 0));
      Sequence end = Sequence.fresh(SequenceRequest.score("c", text, 9, 0));
      bench.scheduler.admit(whole);
      bench.finish();
      bench.scheduler.admit(end);
      bench.finish();

      assertThat(rows(whole)).isEqualTo(11);
      assertThat(rows(end)).isEqualTo(3);
    }
  }

  @Test
  void sequencesThatComeTogetherLetTheFirstComputeWhatTheyShare() {
    try (Bench bench = bench(4, 64, 4, 40)) {
      List<Sequence> together =
          List.of(
              generation(1, after(SYSTEM, 1)),
              generation(1, after(SYSTEM, 2)),
              generation(1, after(SYSTEM, 3)),
              generation(1, after(SYSTEM, 4)));
      together.forEach(bench.scheduler::admit);
      int steps = 0;
      while (!bench.scheduler.isEmpty()) {
        bench.step();
        steps++;
      }

      assertThat(together).extracting(PrefixReuseTest::rows).containsExactly(9L, 1L, 1L, 1L);
      assertThat(steps).isEqualTo(3);
    }
  }

  @Test
  void whatIsComputedTwiceAllTheSameIsHeldOnce() {
    try (Bench bench = bench(2, 64, 3, 40)) {
      // neither may wait: the first block of both is all they could take over, less than a block
      bench.scheduler.admit(generation(9, Arrays.copyOf(SYSTEM, 4)));
      bench.scheduler.admit(generation(9, Arrays.copyOf(SYSTEM, 4)));
      bench.step();
      bench.step();

      assertThat(bench.pool.freeBlocks()).isEqualTo(39);
      bench.step();
      assertThat(bench.pool.freeBlocks()).isEqualTo(37);
    }
  }

  @Test
  void blocksThatOthersHoldLetASequenceStartThatWouldNotFitAlone() {
    try (Bench bench = bench(4, 64, 64, 6)) {
      Sequence first = generation(8, after(SYSTEM, 1));
      bench.scheduler.admit(first); // 3 blocks, 4 at most
      bench.step();
      bench.scheduler.admit(generation(3, after(SYSTEM, 2))); // 3 blocks, 1 of its own

      assertThat(bench.scheduler.free()).isEqualTo(2);
      assertThat(bench.pool.freeBlocks()).isEqualTo(2);
    }
  }

  @Test
  void aPreemptedSequenceFindsAgainWhatIsLeftOfItsBlocks() {
    try (Bench bench = bench(2, 64, 64, 5)) {
      Sequence older = generation(9, 1, 1, 1, 1, 1, 1, 1); // 4 blocks in the end
      Sequence younger = generation(8, 2, 2, 2, 2, 2, 2); // 4 blocks in the end
      bench.scheduler.admit(older);
      bench.step();
      bench.step();
      bench.scheduler.admit(younger);

      assertThat(bench.finish()).containsExactly(older, younger);
      assertThat(bench.scheduler.preemptions()).isEqualTo(1);
      assertThat(bench.pool.reusedTokens()).isPositive();
      assertThat(younger.counters().recomputed()).isPositive();
    }
  }

  @Test
  void theBlocksThatWereIdleForLongestLeaveFirstAndTailsBeforeBeginnings() {
    try (Bench bench = bench(1, 64, 64, 6)) {
      serve(bench, 1, 1, 1, 1, 1, 1, 1, 1, 1); // 2 whole blocks
      serve(bench, 2, 2, 2, 2, 2, 2, 2, 2, 2); // 2 whole blocks
      assertThat(bench.pool.idleBlocks()).isEqualTo(4);
      serve(
          bench, 3, 3, 3, 3, 3, 3, 3, 3,
          3); // 3 blocks, 2 of them empty: the tail of the ones leaves

      long before = bench.pool.reusedTokens();
      serve(bench, 2, 2, 2, 2, 2, 2, 2, 2, 2);
      assertThat(bench.pool.reusedTokens() - before).isEqualTo(8);
      before = bench.pool.reusedTokens();
      serve(bench, 1, 1, 1, 1, 1, 1, 1, 1, 1);
      assertThat(bench.pool.reusedTokens() - before).isEqualTo(4);
    }
  }

  private static void serve(Bench bench, int... prompt) {
    bench.scheduler.admit(generation(1, prompt));
    bench.finish();
  }

  @Test
  void sequencesWhosePositionsAreEmbeddedOtherwiseShareNothing() {
    int[] prompt = after(SYSTEM, 3);
    try (Bench bench = bench(1, 64, 64, 40)) {
      serve(bench, prompt);
      Sequence longer = generation(FakeModel.SHORT, prompt);
      bench.scheduler.admit(longer);
      bench.finish();
      assertThat(bench.pool.reusedTokens()).isZero();

      Sequence again = generation(FakeModel.SHORT + 1, prompt);
      bench.scheduler.admit(again);
      bench.finish();
      assertThat(bench.pool.reusedTokens()).isEqualTo(8);
    }
  }

  @Test
  void withoutReuseEverySequenceComputesAllOfItsTokens() {
    try (Bench bench =
        new Bench(new ScheduleConfig(2, 2, 64, 64, 1_000_000_000).withoutPrefixReuse(), 20)) {
      for (int i = 0; i < 3; i++) {
        serve(bench, SYSTEM);
      }

      assertThat(bench.pool.reusedTokens()).isZero();
      assertThat(bench.pool.idleBlocks()).isZero();
    }
  }
}
