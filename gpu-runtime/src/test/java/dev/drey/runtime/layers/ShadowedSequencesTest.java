package dev.drey.runtime.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.layers.ShadowedSequences.Shadowed;
import dev.drey.runtime.predict.ShadowAlignment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShadowedSequencesTest {
  private static final int[] TABLE = {7, 3, 9, 1};

  private static ShadowedSequences sequences(int tokens, int keys) {
    return new ShadowedSequences(new ShadowAlignment(tokens, keys), 2, 4);
  }

  private static List<Integer> stale(Shadowed shadowed) {
    return Arrays.stream(shadowed.stale()).limit(shadowed.staleCount()).boxed().toList();
  }

  @Test
  void aNewSequenceTakesOverAllThatIsStored() {
    ShadowedSequences sequences = sequences(0, 0);
    Shadowed shadowed = sequences.follow(5, 9, TABLE);
    assertThat(stale(shadowed)).containsExactly(7, 3, 9);
    assertThat(shadowed.token(42)).isEqualTo(42);
    assertThat(stale(sequences.follow(6, 8, TABLE)))
        .as("not the block yet to begin")
        .containsExactly(7, 3);
  }

  @Test
  void keysAreTakenOverAsOftenAsThePeriodSays() {
    ShadowedSequences sequences = sequences(1, 3);
    sequences.follow(0, 5, TABLE);
    assertThat(stale(sequences.follow(0, 6, TABLE))).isEmpty();
    assertThat(stale(sequences.follow(0, 7, TABLE))).isEmpty();
    assertThat(stale(sequences.follow(0, 8, TABLE))).as("those of 5 to 7").containsExactly(3);
    assertThat(stale(sequences.follow(0, 9, TABLE))).isEmpty();
    assertThat(stale(sequences.follow(0, 10, TABLE))).isEmpty();
    assertThat(stale(sequences.follow(0, 11, TABLE))).as("those of 8 to 10").containsExactly(9);
  }

  @Test
  void withoutAlignmentItsOwnKeysAndTokensGoOn() {
    ShadowedSequences sequences = sequences(0, 0);
    Shadowed shadowed = sequences.follow(0, 5, TABLE);
    assertThat(shadowed.token(1)).isEqualTo(1);
    for (int position = 6; position < 16; position++) {
      shadowed.chose(100 + position);
      assertThat(sequences.follow(0, position, TABLE)).isSameAs(shadowed);
      assertThat(stale(shadowed)).isEmpty();
      assertThat(shadowed.token(1)).isEqualTo(100 + position);
    }
  }

  @Test
  void everySoManyTokensTheTrueOneIsTaken() {
    ShadowedSequences sequences = sequences(3, 0);
    int[] tokens = new int[7];
    for (int i = 0; i < tokens.length; i++) {
      Shadowed shadowed = sequences.follow(0, 5 + i, TABLE);
      tokens[i] = shadowed.token(1);
      shadowed.chose(2);
    }
    assertThat(tokens).containsExactly(1, 2, 2, 1, 2, 2, 1);
    assertThat(sequences.choosesTokens()).isTrue();
    assertThat(sequences(1, 0).choosesTokens()).isFalse();
  }

  @Test
  void aBlockExchangedForAnotherIsTakenOver() {
    ShadowedSequences sequences = sequences(1, 0);
    sequences.follow(0, 9, TABLE);
    assertThat(stale(sequences.follow(0, 10, new int[] {7, 2, 9, 1}))).containsExactly(2);
    assertThat(stale(sequences.follow(0, 11, new int[] {7, 2, 9, 1}))).isEmpty();
  }

  @Test
  void whereItDoesNotGoOnASequenceBeginsAnew() {
    ShadowedSequences sequences = sequences(0, 0);
    sequences.follow(0, 5, TABLE).chose(2);
    assertThat(stale(sequences.follow(0, 8, TABLE))).as("a gap").containsExactly(7, 3);
    assertThat(stale(sequences.follow(0, 8, TABLE))).as("a repetition").containsExactly(7, 3);
    sequences.forget(0);
    assertThat(stale(sequences.follow(0, 9, TABLE))).as("a prompt").containsExactly(7, 3, 9);
    sequences.forgetAll();
    assertThat(stale(sequences.follow(0, 10, TABLE))).containsExactly(7, 3, 9);
  }

  @Test
  void moreSequencesThanAStepHasAreForgottenTheOldestFirst() {
    ShadowedSequences sequences = sequences(1, 0);
    sequences.follow(0, 5, TABLE);
    sequences.follow(1, 5, TABLE);
    sequences.follow(0, 6, TABLE);
    sequences.follow(2, 5, TABLE);
    assertThat(stale(sequences.follow(0, 7, TABLE))).isEmpty();
    assertThat(stale(sequences.follow(1, 6, TABLE))).containsExactly(7, 3);
  }
}
