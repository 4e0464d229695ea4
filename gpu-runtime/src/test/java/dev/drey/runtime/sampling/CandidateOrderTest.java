package dev.drey.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CandidateOrderTest {
  private static List<Integer> ids(CandidateOrder order) {
    List<Integer> ids = new ArrayList<>();
    for (int rank = 0; rank < order.size(); rank++) {
      ids.add(order.id(rank));
    }
    return ids;
  }

  @Test
  void sortsByFallingLogitAndThenByRisingId() {
    SplittableRandom random = new SplittableRandom(3);
    CandidateOrder order = new CandidateOrder(257);
    for (int round = 0; round < 50; round++) {
      float[] logits = new float[257];
      List<Integer> expected = new ArrayList<>();
      for (int id = 0; id < logits.length; id++) {
        logits[id] = random.nextInt(-20, 20) / 4f;
        expected.add(id);
      }
      expected.sort(
          Comparator.comparing((Integer id) -> -logits[id])
              .thenComparing(Comparator.naturalOrder()));
      order.reset(logits, logits.length, round / 5f - 5);

      assertThat(ids(order)).isEqualTo(expected);
      assertThat(order.logit(17)).isEqualTo(logits[expected.get(17)]);
    }
  }

  @Test
  void takesMinusZeroAndZeroForEqual() {
    CandidateOrder order = new CandidateOrder(3);
    order.reset(new float[] {-0f, 0f, -0f}, 3, 0);

    assertThat(ids(order)).containsExactly(0, 1, 2);
  }

  @Test
  void leavesExcludedTokensOut() {
    CandidateOrder order = new CandidateOrder(4);
    order.reset(
        new float[] {-5, Float.NEGATIVE_INFINITY, 3, Float.NEGATIVE_INFINITY},
        4,
        Float.NEGATIVE_INFINITY);

    assertThat(ids(order)).containsExactly(2, 0);
    assertThat(order.logit(1)).isEqualTo(-5);
  }

  @Test
  void answersForAnyRankInAnyOrder() {
    CandidateOrder order = new CandidateOrder(5);
    order.reset(new float[] {1, 5, 3, 2, 4}, 5, 3.5f);

    assertThat(order.id(3)).isEqualTo(3);
    assertThat(order.id(0)).isEqualTo(1);
    assertThat(order.id(4)).isEqualTo(0);
    assertThat(order.id(1)).isEqualTo(4);
  }
}
