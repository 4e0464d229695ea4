package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.sampling.LogitsException;
import dev.drey.runtime.sampling.Params;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepSchedulerTest {
  private static final long SECOND = 1_000_000_000;

  private static ScheduleConfig config(int maxSequences, int stepTokens, int chunk) {
    return new ScheduleConfig(maxSequences, 2, stepTokens, chunk, SECOND).withoutPrefixReuse();
  }

  /** Never ends before its tokens are produced. */
  private static Sequence generation(int prompt, int maxTokens) {
    int[] ids = new int[prompt];
    Arrays.fill(ids, prompt % FakeModel.VOCABULARY);
    return Sequence.fresh(
        SequenceRequest.generate(
            "p" + prompt, ids, new Params().maxTokens(maxTokens).ignoreEos().build()));
  }

  private static List<Integer> spans(Step step) {
    return step.batch().microBatches().stream()
        .flatMap(micro -> micro.attention().spans().stream())
        .map(span -> span.rows())
        .toList();
  }

  @Test
  void decodesFirstAndThenPrefillsInOrderOfAdmission() {
    try (Bench bench = new Bench(config(5, 12, 8), 100)) {
      bench.scheduler.admit(generation(3, 9));
      bench.scheduler.admit(generation(10, 9));
      bench.step();
      assertThat(spans(bench.step)).containsExactly(3, 8);
      bench.scheduler.admit(generation(7, 9));
      bench.scheduler.admit(generation(9, 9));

      bench.step();

      // "p3" decodes, then the rest of "p10", then the new ones as far as the step has room
      assertThat(spans(bench.step)).containsExactly(1, 2, 7, 2);
      assertThat(bench.step.decodeSequences()).isEqualTo(1);
      assertThat(bench.step.sequences()).isEqualTo(4);
    }
  }

  @Test
  void cutsMicroBatchesAfterSoManySequences() {
    try (Bench bench = new Bench(config(5, 64, 64), 100)) {
      for (int i = 0; i < 5; i++) {
        bench.scheduler.admit(generation(3, 9));
      }
      bench.step();

      assertThat(bench.step.batch().microBatches())
          .extracting(micro -> micro.attention().spans().size())
          .containsExactly(2, 2, 1);
    }
  }

  @Test
  void numbersStepsFromZero() {
    try (Bench bench = new Bench(config(5, 64, 64), 100)) {
      bench.scheduler.admit(generation(3, 9));
      bench.step();
      assertThat(bench.step.batch().step()).isZero();
      bench.step();
      assertThat(bench.step.batch().step()).isEqualTo(1);
    }
  }

  @Test
  void asksForLogitsOnlyWhereATokenIsDecidedOrScored() {
    try (Bench bench = new Bench(config(5, 64, 4), 100)) {
      bench.scheduler.admit(generation(6, 9));
      bench.scheduler.admit(
          Sequence.fresh(SequenceRequest.score("s", new int[] {1, 2, 4, 5, 6}, 3, 0)));
      bench.step();
      // rows 0-3 of the prompt; rows 4-7: the scored tokens 3 and 4 follow rows 2 and 3
      assertThat(Arrays.copyOf(bench.step.batch().logitRows(), 2)).containsExactly(6, 7);
      assertThat(bench.step.batch().logitCount()).isEqualTo(2);
      assertThat(bench.step.scoredRows()).isEqualTo(2);
      bench.step();
      assertThat(bench.step.scoredRows()).isZero();
      assertThat(bench.step.batch().logitCount()).isEqualTo(1);
      assertThat(bench.step.batch().logitRows()[0]).isEqualTo(1);
    }
  }

  @Test
  void readsLogitsInChunksOfTheGivenSize() {
    try (Bench bench = new Bench(config(5, 64, 64), 100)) {
      bench.scheduler.admit(Sequence.fresh(SequenceRequest.score("s", new int[9], 1, 0)));
      bench.step();

      assertThat(bench.step.batch().logitCount()).isEqualTo(8);
      assertThat(bench.model.largestRead()).isEqualTo(3);
    }
  }

  @Test
  void planSaysWhenThereIsNothingToDo() {
    try (Bench bench = new Bench(config(2, 8, 8), 10)) {
      assertThat(bench.scheduler.plan(bench.step)).isFalse();
      assertThat(bench.scheduler.isEmpty()).isTrue();
      assertThat(bench.scheduler.free()).isEqualTo(2);
    }
  }

  @Test
  void returnsWhatFinishedInOrderOfAdmission() {
    try (Bench bench = new Bench(config(8, 64, 64), 100)) {
      List<Sequence> admitted =
          List.of(generation(5, 2), generation(3, 1), generation(4, 2), generation(2, 2));
      admitted.forEach(bench.scheduler::admit);

      assertThat(bench.step()).containsExactly(admitted.get(1));
      assertThat(bench.step()).containsExactly(admitted.get(0), admitted.get(2), admitted.get(3));
      assertThat(bench.pool.freeBlocks()).isEqualTo(100);
    }
  }

  @Test
  void hasNoRoomWhileAnySequenceWaits() {
    try (Bench bench = new Bench(config(3, 64, 64), 8)) {
      bench.scheduler.admit(generation(8, 5)); // 2 blocks, 3 at most
      assertThat(bench.scheduler.free()).isEqualTo(2);
      bench.scheduler.admit(generation(20, 1)); // 5 blocks
      assertThat(bench.scheduler.free()).isEqualTo(1);
      bench.scheduler.admit(generation(4, 1)); // 1 block, but the first may need it

      assertThat(bench.scheduler.free()).isZero();
      bench.step();
      assertThat(bench.step.waiting()).isEqualTo(1);
      assertThat(bench.step.sequences()).isEqualTo(2);
      assertThat(bench.scheduler.free()).isEqualTo(1);
    }
  }

  @Test
  void sequencesRestoredBeyondTheTableWaitInOrder() {
    try (Bench bench = new Bench(config(2, 64, 64), 100)) {
      for (int prompt = 2; prompt < 7; prompt++) {
        bench.scheduler.admit(generation(prompt, 1));
      }
      assertThat(bench.scheduler.free()).isZero();

      assertThat(bench.step()).extracting(s -> s.request().id()).containsExactly("p2", "p3");
      assertThat(bench.scheduler.free()).isZero();
      assertThat(bench.step()).extracting(s -> s.request().id()).containsExactly("p4", "p5");
      assertThat(bench.scheduler.free()).isEqualTo(1);
      assertThat(bench.finish()).hasSize(1);
    }
  }

  @Test
  void preemptsTheYoungestWhichKeepsItsOutputAndGoesOnLater() {
    try (Bench bench = new Bench(config(2, 64, 64), 5)) {
      Sequence older = generation(7, 9); // 15 tokens in the end: 4 blocks
      Sequence younger = generation(6, 8); // 13 tokens in the end: 4 blocks
      bench.scheduler.admit(older);
      bench.step();
      bench.step();
      assertThat(bench.pool.freeBlocks()).isEqualTo(3);
      bench.scheduler.admit(younger);
      int before = 0;
      while (bench.scheduler.preemptions() == 0) {
        before = younger.outputCount();
        bench.step();
      }

      assertThat(bench.step.preemptions()).isEqualTo(1);
      assertThat(bench.step.waiting()).isEqualTo(1);
      assertThat(younger.outputCount()).isEqualTo(before).isPositive();
      assertThat(bench.finish()).containsExactly(older, younger);
      assertThat(younger.counters().recomputed()).isEqualTo(6 + before - 1);
      assertThat(older.counters().recomputed()).isZero();
    }
  }

  @Test
  void anyRequestThatPassesTheCheckEndsWhateverElseRuns() {
    try (Bench bench = new Bench(config(4, 16, 8), 6)) {
      for (int i = 0; i < 12; i++) {
        bench.scheduler.admit(generation(5 + i % 3, 18 - i % 3)); // needs the whole pool
      }

      assertThat(bench.finish()).hasSize(12);
    }
  }

  @Test
  void refusesToAdmitWhatTheCheckRefuses() {
    try (Bench bench = new Bench(config(2, 8, 8), 3)) {
      Sequence tooLong = generation(10, 4);

      assertThat(bench.scheduler.check(tooLong.request())).hasSize(1);
      assertThatThrownBy(() -> bench.scheduler.admit(tooLong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'p10'")
          .hasMessageContaining("13 tokens, and the whole pool holds 12");
      assertThat(bench.scheduler.isEmpty()).isTrue();
    }
  }

  @Test
  void cutsPrefillDownToTheTimeOfAStep() {
    try (Bench bench = new Bench(config(2, 64, 64), 100)) {
      bench.nanosPerRow = SECOND / 20;
      bench.scheduler.admit(generation(150, 2));
      bench.step();
      assertThat(bench.step.batch().rows()).isEqualTo(64);

      bench.step();

      assertThat(bench.step.batch().rows()).isEqualTo(20);
      assertThat(bench.step.nanos()).isEqualTo(SECOND);
    }
  }

  @Test
  void goesOnWithPrefillEvenWhenEveryStepTakesTooLong() {
    try (Bench bench = new Bench(config(2, 64, 64), 100)) {
      bench.nanosPerStep = 5 * SECOND;
      bench.scheduler.admit(generation(150, 2));
      bench.step();
      bench.step();

      assertThat(bench.step.batch().rows()).isEqualTo(16);
    }
  }

  @Test
  void sequencesBeyondLoweredLimitsGoOnAndOthersWaitForThem() {
    try (Bench bench = new Bench(config(5, 64, 64), 100)) {
      for (int i = 0; i < 5; i++) {
        bench.scheduler.admit(generation(3, 4 + 2 * i));
      }
      bench.step();

      bench.changeLimits(config(2, 2, 2));
      assertThat(bench.scheduler.free()).isZero();
      bench.scheduler.admit(generation(3, 2));
      bench.step();

      assertThat(spans(bench.step)).containsExactly(1, 1, 1, 1, 1);
      assertThat(bench.step.waiting()).isEqualTo(1);
      while (bench.step.waiting() == 1) {
        assertThat(bench.scheduler.preemptions()).isZero();
        bench.step();
      }
      assertThat(bench.step.sequences()).isEqualTo(2);
      assertThat(bench.finish()).hasSize(2);
      assertThat(bench.scheduler.free()).isEqualTo(2);
    }
  }

  @Test
  void aPromptGetsOnAlthoughMoreSequencesRunThanTheNewLimitsLeaveTokensFor() {
    try (Bench bench = new Bench(config(4, 8, 8), 100)) {
      Sequence prompt = generation(40, 1);
      for (int i = 0; i < 3; i++) {
        bench.scheduler.admit(generation(2, 60));
      }
      bench.step();
      bench.scheduler.admit(prompt);
      bench.changeLimits(config(1, 1, 1));
      for (int rows = 1; rows <= 39; rows++) {
        bench.step();
        assertThat(prompt.computed()).isEqualTo(rows);
      }
      assertThat(bench.finish()).hasSize(4);
    }
  }

  @Test
  void raisedLimitsLetWaitingSequencesStart() {
    try (Bench bench = new Bench(config(4, 64, 64), 100)) {
      bench.changeLimits(config(1, 64, 64));
      for (int i = 0; i < 3; i++) {
        bench.scheduler.admit(generation(3, 9));
      }
      bench.step();
      assertThat(bench.step.sequences()).isEqualTo(1);

      bench.changeLimits(config(4, 64, 64));
      bench.step();
      assertThat(bench.step.waiting()).as("they start when the step is completed").isEqualTo(2);
      bench.step();
      assertThat(bench.step.sequences()).isEqualTo(3);
      assertThat(bench.scheduler.free()).isEqualTo(1);
    }
  }

  @Test
  void limitsThatThereIsNoMemoryForAreRefused() {
    try (Bench bench = new Bench(config(4, 64, 64), 100)) {
      assertThatThrownBy(() -> bench.scheduler.changeLimits(config(4, 65, 64)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("steps of 64 tokens, found maxStepTokens=65");
    }
  }

  @Test
  void endsAtAnEndTokenWhichIsCountedButNotInTheText() {
    Sequence sequence = endingWith(new Params().maxTokens(100));

    assertThat(sequence.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(sequence.outputIds()).endsWith(Bench.END);
    assertThat(sequence.text()).isEqualTo(text(sequence.outputIds(), 1));
  }

  @Test
  void endsAtAStopTokenLikewise() {
    Sequence free = endingWith(new Params().maxTokens(30).ignoreEos());
    int stopId = free.outputIds()[4];

    Sequence sequence = endingWith(new Params().maxTokens(30).ignoreEos().stopTokenId(stopId));

    assertThat(sequence.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(sequence.outputIds()).endsWith(stopId).hasSizeLessThanOrEqualTo(5);
    assertThat(sequence.text()).isEqualTo(text(sequence.outputIds(), 1));
  }

  @Test
  void endsAtAStopStringThatArrivesAcrossSeveralTokens() {
    Sequence free = endingWith(new Params().maxTokens(30).ignoreEos());
    String whole = free.text();
    String stop = whole.substring(7, 12);

    Sequence sequence = endingWith(new Params().maxTokens(30).ignoreEos().stop("no way", stop));

    assertThat(sequence.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(sequence.text()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
    assertThat(sequence.outputCount()).isLessThan(30);
  }

  @Test
  void endsAtMaxTokensButAStopInTheSameTokenWins() {
    Sequence free = endingWith(new Params().maxTokens(5).ignoreEos());
    assertThat(free.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(free.outputCount()).isEqualTo(5);
    int last = free.outputIds()[4];

    Sequence both = endingWith(new Params().maxTokens(5).ignoreEos().stopTokenId(last));

    assertThat(both.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void nothingButMaxTokensEndsItBeforeMinTokens() {
    Sequence free = endingWith(new Params().maxTokens(30).ignoreEos());
    String first = free.text().substring(0, 1);

    Sequence string = endingWith(new Params().maxTokens(6).minTokens(6).ignoreEos().stop(first));
    Sequence token =
        endingWith(new Params().maxTokens(9).minTokens(9).stopTokenId(free.outputIds()[0]));

    assertThat(string.outputCount()).isEqualTo(6);
    assertThat(string.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(string.text()).startsWith(first);
    assertThat(token.outputCount()).isEqualTo(9);
    assertThat(token.outputIds()).doesNotContain(free.outputIds()[0], Bench.END);
  }

  @Test
  void scoringEndsWithOneLogprobPerTokenAndSaysWhetherAllWereGreedy() {
    Sequence greedy = endingWith(new Params().maxTokens(4).ignoreEos());
    int[] ids = Arrays.copyOf(PROMPT, PROMPT.length + 4);
    System.arraycopy(greedy.outputIds(), 0, ids, PROMPT.length, 4);
    Sequence likeliest = Sequence.fresh(SequenceRequest.score("a", ids, PROMPT.length, -1));
    int[] changed = ids.clone();
    changed[PROMPT.length + 2] = (changed[PROMPT.length + 2] + 1) % FakeModel.VOCABULARY;
    Sequence unlikely = Sequence.fresh(SequenceRequest.score("b", changed, PROMPT.length, -1));
    try (Bench bench = new Bench(config(4, 64, 64), 50)) {
      bench.scheduler.admit(likeliest);
      bench.scheduler.admit(unlikely);
      bench.finish();
    }

    assertThat(likeliest.isGreedy()).isTrue();
    assertThat(unlikely.isGreedy()).isFalse();
    assertThat(likeliest.outputIds()).isEqualTo(greedy.outputIds());
    assertThat(likeliest.progress().logprobs())
        .hasSize(4)
        .startsWith(unlikely.progress().logprobs()[0]);
    assertThat(likeliest.logprobSum()).isNegative().isGreaterThan(unlikely.logprobSum());
  }

  @Test
  void logitsThatAreNotNumbersNameTheSequence() {
    try (Bench bench = new Bench(config(2, 8, 8), 10);
        StepSampler sampler = new StepSampler(Bench.LIMITS, 4, 1)) {
      bench.scheduler.admit(generation(4, 3));
      assertThat(bench.scheduler.plan(bench.step)).isTrue();
      float[] row = new float[FakeModel.VOCABULARY];
      row[5] = Float.NaN;

      assertThatThrownBy(() -> sampler.sample(bench.step, (from, count) -> FloatBuffer.wrap(row)))
          .isInstanceOf(LogitsException.class)
          .hasMessageContaining("'p4', position 4");
    }
  }

  @Test
  void closingInTheMiddleOfAStepGivesAllBlocksBack() {
    Bench bench = new Bench(config(2, 8, 8), 10);
    bench.scheduler.admit(generation(4, 3));
    assertThat(bench.scheduler.plan(bench.step)).isTrue();
    bench.scheduler.close();

    assertThat(bench.pool.freeBlocks()).isEqualTo(10);
    bench.close();
  }

  @Test
  void stepsAreCompletedOnceInOrderAndOnlyWhenSampled() {
    try (Bench bench = new Bench(config(2, 8, 8), 10)) {
      assertThatThrownBy(() -> bench.scheduler.complete(bench.step))
          .isInstanceOf(IllegalStateException.class);
      bench.scheduler.admit(generation(4, 3));
      assertThat(bench.scheduler.plan(bench.step)).isTrue();

      assertThatThrownBy(() -> bench.scheduler.plan(bench.step))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("not completed");
      assertThatThrownBy(() -> bench.scheduler.complete(bench.step))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("before row 0 of 1 was sampled");
    }
  }

  private static final int[] PROMPT = {11, 4, 17};

  private static Sequence endingWith(Params params) {
    Sequence sequence = Sequence.fresh(SequenceRequest.generate("e", PROMPT, params.build()));
    try (Bench bench = new Bench(config(2, 64, 64), 50)) {
      bench.scheduler.admit(sequence);
      assertThat(bench.finish()).containsExactly(sequence);
    }
    return sequence;
  }

  private static String text(int[] ids, int withoutLast) {
    FakeDetokenizer detokenizer = new FakeDetokenizer();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ids.length - withoutLast; i++) {
      text.append(detokenizer.append(ids[i]));
    }
    return text + detokenizer.finish();
  }
}
