package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.sampling.Params;
import dev.drey.runtime.sampling.TokenChoice;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The rules alone, with the tokens given. Letters: 0 = a ... ; 6 and 13 are incomplete (see {@link
 * FakeDetokenizer}).
 */
class FinishRulesTest {
  private static final int END = 25;

  private final Params params = new Params().maxTokens(4);
  private String text = "";

  /** Appends tokens until one ends the sequence; returns how many it took and why. */
  private String serve(int maxPositions, int... ids) {
    FinishRules rules = new FinishRules(new ModelLimits(29, maxPositions, Set.of(END)));
    Sequence sequence =
        Sequence.fresh(SequenceRequest.generate("r", new int[] {1, 2}, params.build()));
    sequence.attach(new FakeDetokenizer(), 0);
    for (int i = 0; i < ids.length; i++) {
      TokenChoice choice = new TokenChoice(ids[i], Float.NaN, true, new int[0], new float[0]);
      FinishReason reason = rules.append(sequence, choice);
      if (reason != null) {
        text = sequence.text();
        return (i + 1) + " " + reason;
      }
    }
    return "goes on";
  }

  @Test
  void theLongestSupportedSequenceEndsItBeforeMaxTokens() {
    assertThat(serve(5, 0, 1, 2)).isEqualTo("3 LENGTH");
    assertThat(serve(6, 0, 1, 2)).isEqualTo("goes on");
    assertThat(serve(7, 0, 1, 2, 3)).isEqualTo("4 LENGTH");
  }

  @Test
  void theEndTokenHasNoTextAndAnIncompleteCharacterBeforeItIsGivenUp() {
    assertThat(serve(99, 0, 6, END)).isEqualTo("3 STOP");
    assertThat(text).isEqualTo("ag");
  }

  @Test
  void whatIsHeldBackAtMaxTokensMayStillHoldAStopString() {
    params.stop("g");

    assertThat(serve(99, 0, 1, 2, 6)).isEqualTo("4 STOP");
    assertThat(text).isEqualTo("abc");
    params.minTokens(4);
    assertThat(serve(99, 0, 1, 2, 6)).isEqualTo("4 LENGTH");
    assertThat(text).isEqualTo("abcg");
  }

  @Test
  void anIgnoredEndTokenIsAnOrdinaryOne() {
    params.ignoreEos();

    assertThat(serve(99, END, 0, 1, 2)).isEqualTo("4 LENGTH");
    assertThat(text).isEqualTo("ffabc");
  }

  @Test
  void aStopTokenEndsItEvenWhereEndTokensAreIgnored() {
    params.ignoreEos().stopTokenId(END);

    assertThat(serve(99, 0, END)).isEqualTo("2 STOP");
    assertThat(text).isEqualTo("a");
  }

  @Test
  void anEndTokenDoesNotEndItBeforeMinTokens() {
    params.minTokens(2);

    assertThat(serve(99, END, END, 0, END)).isEqualTo("4 STOP");
    assertThat(text).isEqualTo("ffffa");
  }

  @Test
  void aStopStringMayBeginBeforeMinTokensButNotEndThere() {
    params.minTokens(2).stop("bc", "ab");

    assertThat(serve(99, 0, 1, 2)).isEqualTo("3 STOP");
    assertThat(text).isEqualTo("a");
  }
}
