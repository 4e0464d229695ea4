package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.sampling.Params;
import org.junit.jupiter.api.Test;

class SequenceTest {
  private final ScheduleConfig config = new ScheduleConfig(4, 4, 32, 8, 1_000_000);
  private final SequenceRequest request =
      SequenceRequest.generate(
          "r", new int[] {1, 2, 4}, new Params().maxTokens(9).ignoreEos().logprobs(2).build());

  private Sequence afterSteps(int steps) {
    Sequence sequence = Sequence.fresh(request);
    try (Bench bench = new Bench(config, 50)) {
      bench.scheduler.admit(sequence);
      for (int i = 0; i < steps; i++) {
        bench.step();
      }
    }
    return sequence;
  }

  @Test
  void progressHoldsOneEntryPerTokenAndEquallyManyAlternatives() {
    SequenceProgress progress = afterSteps(5).progress();

    assertThat(progress.outputIds()).hasSize(5);
    assertThat(progress.logprobs()).hasSize(5);
    assertThat(progress.topIds()).hasSize(10);
    assertThat(progress.topLogprobs()).hasSize(10);
    assertThat(progress.computedTokens()).isEqualTo(7);
    assertThat(progress.counters()).isEqualTo(new TokenCounters(3, 4, 0, 0));
  }

  @Test
  void progressIsACopyThatLaterStepsDoNotChange() {
    Sequence sequence = Sequence.fresh(request);
    try (Bench bench = new Bench(config, 50)) {
      bench.scheduler.admit(sequence);
      bench.step();
      SequenceProgress early = sequence.progress();
      int first = early.outputIds()[0];
      early.outputIds()[0] = -7;
      bench.step();
      assertThat(sequence.outputIds()).hasSize(2).startsWith(first);
      assertThat(early.outputIds()).containsExactly(-7);
    }
  }

  @Test
  void aRestoredSequenceHasTheSameProgressBeforeItRuns() {
    SequenceProgress progress = afterSteps(5).progress();

    SequenceProgress again = Sequence.restored(request, progress).progress();

    assertThat(again).usingRecursiveComparison().isEqualTo(progress);
  }

  @Test
  void aRestoredSequenceRepeatsItsTextWhenAdmitted() {
    Sequence before = afterSteps(6);
    Sequence restored = Sequence.restored(request, before.progress());
    try (Bench bench = new Bench(config, 50)) {
      bench.scheduler.admit(restored);

      assertThat(restored.text()).isNotEmpty().isEqualTo(before.text());
    }
  }

  @Test
  void aRestoredSequencePrefillsPromptAndOutputAndCountsThemApart() {
    Sequence restored = Sequence.restored(request, afterSteps(5).progress());
    try (Bench bench = new Bench(config, 50)) {
      bench.scheduler.admit(restored);
      bench.step();

      assertThat(bench.step.rows()).isEqualTo(new TokenCounters(0, 1, 7, 0));
      assertThat(restored.counters()).isEqualTo(new TokenCounters(3, 5, 7, 0));
      assertThat(restored.outputCount()).isEqualTo(6);
    }
  }

  @Test
  void refusesProgressOfAnotherRequest() {
    SequenceProgress progress = afterSteps(5).progress();
    SequenceRequest shorter =
        SequenceRequest.generate(
            "short", request.promptIds(), new Params().maxTokens(5).logprobs(2).build());
    SequenceRequest without =
        SequenceRequest.generate("plain", request.promptIds(), new Params().build());
    SequenceProgress torn =
        new SequenceProgress(
            progress.outputIds(),
            progress.logprobs(),
            progress.topIds(),
            new float[3],
            true,
            7,
            TokenCounters.ZERO);

    assertThatThrownBy(() -> Sequence.restored(shorter, progress))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'short'")
        .hasMessageContaining("5 tokens of 5");
    assertThatThrownBy(() -> Sequence.restored(without, progress))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Sequence.restored(request, torn))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void isAdmittedOnlyOnce() {
    Sequence sequence = Sequence.fresh(request);
    try (Bench bench = new Bench(config, 50)) {
      bench.scheduler.admit(sequence);

      assertThatThrownBy(() -> bench.scheduler.admit(sequence))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'r'");
    }
  }

  @Test
  void finishReasonsHaveLowerCaseWireNames() {
    assertThat(FinishReason.values())
        .extracting(FinishReason::wireName)
        .containsExactly("stop", "length", "deadline");
  }
}
