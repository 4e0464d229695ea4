package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.sampling.Params;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RequestCheckTest {
  private final RequestCheck check = new RequestCheck(new ModelLimits(100, 50, Set.of()), 40);

  private List<String> generate(int prompt, int maxTokens) {
    Params params = new Params().maxTokens(maxTokens);
    return check.violations(SequenceRequest.generate("r", new int[prompt], params.build()));
  }

  private List<String> score(int prompt, int from) {
    return check.violations(SequenceRequest.score("r", new int[prompt], from, 0));
  }

  @Test
  void acceptsWhatJustFits() {
    assertThat(generate(1, 1)).isEmpty();
    assertThat(generate(21, 20)).isEmpty();
    assertThat(score(41, 1)).isEmpty();
    assertThat(score(2, 1)).isEmpty();
  }

  @Test
  void refusesWhatNeverFitsThePoolWithBothNumbers() {
    assertThat(generate(22, 20))
        .singleElement()
        .asString()
        .contains("41 tokens", "the whole pool holds 40");
    assertThat(score(42, 1)).singleElement().asString().contains("41 tokens");
  }

  @Test
  void refusesWhatIsLongerThanTheModelSupports() {
    assertThat(generate(41, 10))
        .anySatisfy(
            message ->
                assertThat(message)
                    .isEqualTo(
                        "prompt of 41 tokens + max_tokens 10 = 51, and the model supports 50"));
    assertThat(score(51, 1))
        .anySatisfy(
            message ->
                assertThat(message).isEqualTo("51 tokens to score, and the model supports 50"));
  }

  @Test
  void doesNotOverflowForHugeMaxTokens() {
    assertThat(generate(10, Integer.MAX_VALUE)).hasSize(2);
  }

  @Test
  void refusesAnEmptyPromptAndNothingToScore() {
    assertThat(generate(0, 5)).singleElement().asString().contains("empty");
    assertThat(score(5, 5)).singleElement().asString().contains("from index 5 of 5");
    assertThat(score(5, 0)).hasSize(1);
    assertThat(score(0, 1)).hasSize(2);
  }

  @Test
  void refusesIdsOutsideTheVocabulary() {
    SequenceRequest tooLarge =
        SequenceRequest.generate("r", new int[] {1, 100, -1}, new Params().build());
    SequenceRequest negative = SequenceRequest.score("r", new int[] {1, -1}, 1, 0);

    assertThat(check.violations(tooLarge))
        .containsExactly("token id 100 at index 1 is not in the vocabulary of 100");
    assertThat(check.violations(negative)).hasSize(1);
  }

  @Test
  void reportsParametersTogetherWithLengths() {
    Params params = new Params().maxTokens(100).temperature(-1);

    assertThat(check.violations(SequenceRequest.generate("r", new int[0], params.build())))
        .hasSize(4);
  }
}
