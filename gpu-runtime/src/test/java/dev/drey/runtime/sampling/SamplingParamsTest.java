package dev.drey.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SamplingParamsTest {
  @Test
  void findsNothingWrongWithTheLimitsOfEachRange() {
    assertThat(new Params().build().violations()).isEmpty();
    assertThat(
            new Params()
                .maxTokens(1)
                .minTokens(1)
                .temperature(2)
                .topK(1)
                .topP(Double.MIN_VALUE)
                .minP(1)
                .repetitionPenalty(0.1)
                .presencePenalty(-2)
                .frequencyPenalty(2)
                .logprobs(20)
                .stop("x")
                .build()
                .violations())
        .isEmpty();
  }

  @Test
  void reportsEverythingThatIsOutOfRangeAtOnce() {
    SamplingParams params =
        new Params()
            .maxTokens(0)
            .minTokens(-1)
            .temperature(Double.NaN)
            .topK(-1)
            .topP(Double.NaN)
            .minP(1.1)
            .repetitionPenalty(0)
            .presencePenalty(2.1)
            .frequencyPenalty(Double.NaN)
            .logprobs(21)
            .stop("a", "")
            .build();

    assertThat(params.violations())
        .hasSize(11)
        .contains("max_tokens must be at least 1, not 0")
        .contains("temperature must be finite and not negative, not NaN");
  }

  @Test
  void refusesEachSingleValueOutsideItsRange() {
    assertThat(new Params().maxTokens(3).minTokens(4).build().violations()).hasSize(1);
    assertThat(new Params().temperature(-0.1).build().violations()).hasSize(1);
    assertThat(new Params().temperature(Double.POSITIVE_INFINITY).build().violations()).hasSize(1);
    assertThat(new Params().topP(0).build().violations()).hasSize(1);
    assertThat(new Params().topP(1.01).build().violations()).hasSize(1);
    assertThat(new Params().minP(-0.01).build().violations()).hasSize(1);
    assertThat(new Params().repetitionPenalty(101).build().violations()).hasSize(1);
    assertThat(new Params().logprobs(-2).build().violations()).hasSize(1);
  }
}
