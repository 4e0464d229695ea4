package dev.drey.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final float EXCLUDED = Float.NEGATIVE_INFINITY;

  private final Params params = new Params();

  private static TokenHistory history(int... output) {
    return new TokenHistory("s", new int[] {0}, output, output.length);
  }

  private static String describe(TokenChoice choice) {
    return "%d %s %s %s %s"
        .formatted(
            choice.id(),
            choice.logprob(),
            choice.likeliest(),
            Arrays.toString(choice.topIds()),
            Arrays.toString(choice.topLogprobs()));
  }

  private TokenChoice sample(float... logits) {
    return new Sampler(logits.length, Set.of(0))
        .sample(FloatBuffer.wrap(logits), params.build(), history());
  }

  @Test
  void greedyTakesTheLikeliestAndTheLowerIdOfTwo() {
    assertThat(sample(1, 3, 2).id()).isEqualTo(1);
    assertThat(sample(1, 3, 3).id()).isEqualTo(1);
    assertThat(sample(-0f, 0f).id()).isEqualTo(0);
    assertThat(sample(-3, EXCLUDED, -2).id()).isEqualTo(2);
  }

  @Test
  void logprobsAreTheLogSoftmaxOfTheUnmodifiedLogits() {
    params.temperature(0.01).topK(1).repetitionPenalty(9).presencePenalty(2).logprobs(0);
    float[] logits = {1, 2, 3, 4};
    double sum = Math.exp(1) + Math.exp(2) + Math.exp(3) + Math.exp(4);

    TokenChoice choice = sample(logits);

    assertThat(choice.id()).isEqualTo(3);
    assertThat(choice.logprob()).isCloseTo((float) (4 - Math.log(sum)), within(1e-6f));
    assertThat(choice.topIds()).isEmpty();
  }

  @Test
  void logprobsSurviveLogitsThatWouldOverflow() {
    params.logprobs(1);

    assertThat(sample(3e38f, 3e38f).logprob()).isCloseTo((float) -Math.log(2), within(1e-6f));
  }

  @Test
  void alternativesComeLikeliestFirstAndTiesByTheLowerId() {
    params.logprobs(3);

    TokenChoice choice = sample(2, 5, 1, 5, 2);

    assertThat(choice.topIds()).containsExactly(1, 3, 0);
    assertThat(choice.topLogprobs()[0]).isEqualTo(choice.topLogprobs()[1]);
    assertThat(choice.topLogprobs()[0]).isEqualTo(choice.logprob());
    assertThat(choice.topLogprobs()[2]).isCloseTo(choice.logprob() - 3, within(1e-6f));
  }

  @Test
  void alternativesAreNeverMoreThanTheVocabulary() {
    params.logprobs(20);

    assertThat(sample(1, 2).topIds()).containsExactly(1, 0);
  }

  @Test
  void reportsNoLogprobsUnlessAskedFor() {
    assertThat(sample(1, 2).logprob()).isNaN();
    assertThat(sample(1, 2).topIds()).isEmpty();
  }

  @Test
  void scoresAGivenTokenAndSaysWhetherItIsTheLikeliest() {
    Sampler sampler = new Sampler(3, Set.of());
    FloatBuffer logits = FloatBuffer.wrap(new float[] {2, 2, 1});
    double normaliser = Math.log(2 * Math.exp(2) + Math.exp(1));

    TokenChoice first = sampler.score(logits, 0, 0, history(), 1);
    TokenChoice second = sampler.score(logits, 1, 2, history(), 1);

    assertThat(first.likeliest()).isTrue();
    assertThat(second.likeliest()).isFalse();
    assertThat(second.logprob()).isCloseTo((float) (2 - normaliser), within(1e-6f));
    assertThat(second.topIds()).containsExactly(0, 1);
  }

  @Test
  void minTokensExcludesEndAndStopTokensUntilSoManyAreProduced() {
    params.minTokens(2).stopTokenId(1);
    Sampler sampler = new Sampler(4, Set.of(3, 77));
    FloatBuffer logits = FloatBuffer.wrap(new float[] {1, 2, 0, 3});

    assertThat(sampler.sample(logits, params.build(), history()).id()).isEqualTo(0);
    assertThat(sampler.sample(logits, params.build(), history(2)).id()).isEqualTo(0);
    assertThat(sampler.sample(logits, params.build(), history(2, 2)).id()).isEqualTo(3);
    params.ignoreEos();
    assertThat(sampler.sample(logits, params.build(), history()).id()).isEqualTo(3);
  }

  @Test
  void excludedTokensStillCountInTheLogprobs() {
    params.minTokens(1).logprobs(1);

    TokenChoice choice = sample(1, 0);

    assertThat(choice.id()).isEqualTo(1);
    assertThat(choice.likeliest()).isFalse();
    assertThat(choice.topIds()).containsExactly(0);
    assertThat(choice.logprob()).isCloseTo((float) -Math.log1p(Math.E), within(1e-6f));
  }

  @Test
  void refusesLogitsThatAreNotNumbersNamingTheSequenceAndThePosition() {
    assertThatThrownBy(() -> sample(1, Float.NaN, 2))
        .isInstanceOf(LogitsException.class)
        .hasMessageContaining("sequence 's', position 1")
        .hasMessageContaining("NaN (token 1)");
    assertThatThrownBy(() -> sample(Float.NaN, 1)).isInstanceOf(LogitsException.class);
    assertThatThrownBy(() -> sample(1, Float.POSITIVE_INFINITY))
        .isInstanceOf(LogitsException.class);
    assertThatThrownBy(() -> sample(EXCLUDED, EXCLUDED)).isInstanceOf(LogitsException.class);
    params.minTokens(1);
    assertThatThrownBy(() -> sample(4, EXCLUDED)).isInstanceOf(LogitsException.class);
  }

  @Test
  void readsTheRowAtTheBuffersPositionAndLeavesItThere() {
    FloatBuffer rows = FloatBuffer.wrap(new float[] {9, 0, 0, 1});
    rows.position(2);

    TokenChoice choice = new Sampler(2, Set.of()).sample(rows, params.build(), history());

    assertThat(choice.id()).isEqualTo(1);
    assertThat(rows.position()).isEqualTo(2);
  }

  @Test
  void whatCameBeforeOnTheSameSamplerDoesNotMatter() {
    SplittableRandom random = new SplittableRandom(5);
    Sampler used = new Sampler(300, Set.of(7));
    for (int round = 0; round < 200; round++) {
      float[] logits = new float[300];
      for (int id = 0; id < logits.length; id++) {
        logits[id] = random.nextInt(-40, 40) / 8f;
      }
      params
          .temperature(random.nextInt(3) * 0.7)
          .topK(random.nextInt(4) * 5)
          .topP(random.nextBoolean() ? 1 : 0.8)
          .minP(random.nextBoolean() ? 0 : 0.05)
          .frequencyPenalty(random.nextInt(3) * 0.3)
          .seed(random.nextLong())
          .logprobs(random.nextInt(-1, 4));
      TokenHistory history = history(random.nextInt(300), 5, 5);

      TokenChoice one = used.sample(FloatBuffer.wrap(logits), params.build(), history);
      TokenChoice other =
          new Sampler(300, Set.of(7)).sample(FloatBuffer.wrap(logits), params.build(), history);

      assertThat(describe(one)).isEqualTo(describe(other));
    }
  }

  @Test
  void theDrawIsThatOfSeedAndPosition() {
    params.temperature(1).seed(42);
    float[] logits = new float[1000];
    Sampler sampler = new Sampler(1000, Set.of());

    for (int produced = 0; produced < 50; produced++) {
      TokenHistory history = new TokenHistory("s", new int[10], new int[produced], produced);
      int expected = (int) (CounterRandom.uniform(42, 10 + produced) * 1000);

      assertThat(sampler.sample(FloatBuffer.wrap(logits), params.build(), history).id())
          .isEqualTo(expected);
    }
  }
}
