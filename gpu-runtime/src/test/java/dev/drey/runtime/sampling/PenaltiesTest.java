package dev.drey.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PenaltiesTest {
  private static final int[] PROMPT = {0, 1, 1, 4};
  private static final int[] OUTPUT = {1, 2, 2, 2, 3, 9, 9};

  private final Penalties penalties = new Penalties(10);

  private float[] apply(Params params, float... logits) {
    penalties.apply(logits, params.build(), new TokenHistory("s", PROMPT, OUTPUT, 5));
    return logits;
  }

  @Test
  void repetitionDividesPositiveAndMultipliesNegativeLogitsOfPromptAndOutputOnce() {
    float[] changed = apply(new Params().repetitionPenalty(2), 4, 4, -4, 0, -3, 4, -4, 1, 1, 1);

    assertThat(changed).containsExactly(2, 2, -8, 0, -6, 4, -4, 1, 1, 1);
  }

  @Test
  void presenceIsSubtractedOnceForTokensOfTheOutputOnly() {
    float[] changed = apply(new Params().presencePenalty(0.5), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    assertThat(changed).containsExactly(1, 0.5f, 0.5f, 0.5f, 1, 1, 1, 1, 1, 1);
  }

  @Test
  void frequencyIsSubtractedPerOccurrenceInTheOutput() {
    float[] changed = apply(new Params().frequencyPenalty(0.25), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    assertThat(changed).containsExactly(1, 0.75f, 0.25f, 0.75f, 1, 1, 1, 1, 1, 1);
  }

  @Test
  void repetitionComesBeforeTheOthers() {
    Params all = new Params().repetitionPenalty(2).presencePenalty(0.5).frequencyPenalty(-1);

    float[] changed = apply(all, 4, 4, -4, 1, -3, 4, 4, 4, 4, 4);

    // token 1: 4/2 - (-1*1 + 0.5); token 2: -4*2 - (-1*3 + 0.5); token 3: 1/2 - (-1 + 0.5)
    assertThat(changed).containsExactly(2, 2.5f, -5.5f, 1, -6, 4, 4, 4, 4, 4);
  }

  @Test
  void nothingIsRememberedFromCallToCall() {
    Params params = new Params().frequencyPenalty(1);
    float[] once = apply(params, new float[10]);

    assertThat(apply(params, new float[10])).isEqualTo(once);
  }

  @Test
  void excludedTokensStayExcluded() {
    float[] logits = new float[10];
    logits[2] = Float.NEGATIVE_INFINITY;

    float[] changed =
        apply(new Params().repetitionPenalty(0.5).presencePenalty(-2).frequencyPenalty(-2), logits);

    assertThat(changed[2]).isEqualTo(Float.NEGATIVE_INFINITY);
  }
}
