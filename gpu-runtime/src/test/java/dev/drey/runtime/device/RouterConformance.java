package dev.drey.runtime.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.RouterConfig.GroupScore;
import dev.drey.runtime.model.RouterConfig.Score;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every device owes for the router. */
interface RouterConformance extends DeviceFactory {
  @Test
  default void theRouterTakesTheMostLikelyExperts() {
    try (Rig rig = rig(routerModel(320, 60, 6))) {
      float[] weight = Numbers.floats(1, 60 * 320);
      float[] x = Numbers.floats(2, 130 * 320);
      Routing all = route(rig, x, 130, weight, 60, 6, false);
      for (int row = 0; row < 130; row++) {
        checkRouting(x, row, weight, 60, 6, all, false);
      }
      checkRouting(x, 4, weight, 60, 6, route(rig, x, 130, weight, 60, 6, true), true);
      for (int rows : new int[] {0, 1, 3, 5, 31, 33}) {
        Routing some = route(rig, x, rows, weight, 60, 6, false);
        for (int entry = 0; entry < rows * 6; entry++) {
          assertThat(some.experts()[entry]).isEqualTo(all.experts()[entry]);
          assertThat(some.weights()[entry]).isEqualTo(all.weights()[entry]);
        }
      }
    }
  }

  private static void checkRouting(
      float[] x, int row, float[] weight, int experts, int k, Routing actual, boolean normalise) {
    double[] probabilities = new double[experts];
    double total = 0;
    for (int expert = 0; expert < experts; expert++) {
      probabilities[expert] = Math.exp(Numbers.dot(x, row, weight, expert, 320).value());
      total += probabilities[expert];
    }
    double chosen = normalise ? 0 : total;
    for (int rank = 0; normalise && rank < k; rank++) {
      chosen += probabilities[actual.experts()[row * k + rank]];
    }
    double previous = Double.POSITIVE_INFINITY;
    double[] rest = probabilities.clone();
    for (int rank = 0; rank < k; rank++) {
      int expert = actual.experts()[row * k + rank];
      double expected = probabilities[expert] / chosen;
      new Numbers.Expected(expected, expected * 3e-5)
          .check(actual.weights()[row * k + rank], "row " + row + " rank " + rank);
      assertThat(probabilities[expert]).as("falling").isLessThanOrEqualTo(previous * (1 + 3e-5));
      previous = probabilities[expert];
      rest[expert] = 0;
    }
    for (double other : rest) {
      assertThat(other).as("not chosen").isLessThanOrEqualTo(previous * (1 + 3e-5));
    }
  }

  @Test
  default void routingsUnderWayAreAwaitedInAnyOrder() {
    try (Rig rig = rig(routerModel(320, 60, 6))) {
      int count = ComputeStream.MAX_PENDING_ROUTINGS;
      DeviceBuffer x = rig.floats(Numbers.floats(2, 33 * 320));
      List<Router> routers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        DeviceBuffer weight = rig.floats(Numbers.floats(10 + i, 60 * 320));
        routers.add(new Router(weight, null, null, 60, 6, RouterConfig.softmax(true)));
      }
      for (int rows : new int[] {0, 1, 33}) {
        Routing[] found = new Routing[count];
        ComputeStream.PendingRouting[] pending = new ComputeStream.PendingRouting[count];
        for (int i = 0; i < count; i++) {
          found[i] = new Routing(33, 6);
          pending[i] = rig.stream.startRouting(x, rows, 320, routers.get(i), found[i]);
        }
        for (int i : new int[] {2, 0, 3, 1}) {
          pending[i].await();
        }
        for (int i = 0; i < count; i++) {
          Routing expected = new Routing(33, 6);
          rig.stream.routeTopK(x, rows, 320, routers.get(i), expected);
          assertThat(found[i].experts()).isEqualTo(expected.experts());
          assertThat(found[i].weights()).isEqualTo(expected.weights());
        }
      }
    }
  }

  @Test
  default void routersStartedTogetherChooseWhatEachChoosesAlone() {
    try (Rig rig = rig(routerModel(320, 60, 6))) {
      DeviceBuffer x = rig.floats(Numbers.floats(2, 130 * 320));
      List<Router> routers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        DeviceBuffer weight = rig.floats(Numbers.floats(10 + i, 60 * 320));
        routers.add(new Router(weight, null, null, 60, 6, RouterConfig.softmax(i > 0)));
      }
      for (int rows : new int[] {0, 1, 33, 130}) {
        List<Routing> found = routers.stream().map(router -> new Routing(130, 6)).toList();
        rig.stream.startRoutings(x, rows, 320, routers, found).await();
        for (int i = 0; i < routers.size(); i++) {
          Routing expected = new Routing(130, 6);
          rig.stream.routeTopK(x, rows, 320, routers.get(i), expected);
          assertThat(found.get(i).experts()).isEqualTo(expected.experts());
          assertThat(found.get(i).weights()).isEqualTo(expected.weights());
        }
      }
    }
  }

  @Test
  default void equallyLikelyExpertsGoByTheirNumber() {
    try (Rig rig = rig(routerModel(64, 16, 4))) {
      float[] weight = new float[16 * 64];
      for (int expert : new int[] {3, 5, 11}) {
        Arrays.fill(weight, expert * 64, (expert + 1) * 64, 0.5f);
      }
      float[] x = new float[3 * 64];
      Arrays.fill(x, 0, 64, 1);
      Arrays.fill(x, 64, 128, -1);
      Routing routing = route(rig, x, 3, weight, 16, 4, true);
      assertThat(routing.experts()).startsWith(3, 5, 11, 0, 0, 1, 2, 4, 0, 1, 2, 3);
    }
  }

  @Test
  default void aRowOfNaNsStillGetsDistinctExperts() {
    try (Rig rig = rig(routerModel(64, 16, 4))) {
      float[] x = new float[64];
      Arrays.fill(x, Float.NaN);
      Routing routing = route(rig, x, 1, Numbers.floats(1, 16 * 64), 16, 4, true);
      assertThat(routing.experts()).containsExactly(0, 1, 2, 3);
    }
  }

  /** Rules and whether they come with biases, to be held against the choice in plain Java. */
  @Test
  default void everyRuleIsAppliedToTheScores() {
    int hidden = 320;
    int experts = 60;
    int k = 4;
    List<RouterConfig> rules =
        List.of(
            RouterConfig.softmax(true).withLogitBias(),
            RouterConfig.softmax(false).withScale(16).withGroups(6, 3, GroupScore.BEST),
            RouterConfig.sigmoid(true)
                .withScale(2.5)
                .withChoiceBias()
                .withGroups(4, 2, GroupScore.BEST_TWO),
            RouterConfig.sigmoid(false).withLogitBias().withChoiceBias(),
            RouterConfig.sparseMixer(0.4));
    float[] weight = Numbers.floats(1, experts * hidden);
    float[] logitBias = Numbers.floats(3, experts);
    float[] choiceBias = Numbers.floats(4, experts);
    for (RouterConfig rule : rules) {
      try (Rig rig = rig(routerModel(hidden, experts, k))) {
        float[] x = Numbers.floats(2, 130 * hidden);
        Router router =
            new Router(
                rig.floats(weight),
                rule.logitBias() ? rig.floats(logitBias) : null,
                rule.choiceBias() ? rig.floats(choiceBias) : null,
                experts,
                k,
                rule);
        Routing all = new Routing(130, k);
        rig.stream.routeTopK(rig.floats(x), 130, hidden, router, all);
        for (int row = 0; row < 130; row++) {
          float[] logits =
              logits(x, row, weight, rule.logitBias() ? logitBias : null, experts, hidden);
          Routing expected = new Routing(1, k);
          ExpertChoice choice = new ExpertChoice(experts, k, rule);
          if (rule.score() == Score.SPARSE_MIXER) {
            choice.mix(logits, 0, expected, 0);
          } else {
            score(logits, rule.score());
            choice.choose(logits, 0, rule.choiceBias() ? choiceBias : new float[0], expected, 0);
          }
          for (int rank = 0; rank < k; rank++) {
            String what = rule + " row " + row + " rank " + rank;
            assertThat(all.experts()[row * k + rank]).as(what).isEqualTo(expected.experts()[rank]);
            float value = expected.weights()[rank];
            new Numbers.Expected(value, Math.abs(value) * 3e-5)
                .check(all.weights()[row * k + rank], what);
          }
        }
        for (int rows : new int[] {1, 3, 33}) {
          Routing some = new Routing(rows, k);
          float[] part = Numbers.rows(x, hidden, 130 - rows, 130);
          rig.stream.routeTopK(rig.floats(part), rows, hidden, router, some);
          int first = (130 - rows) * k;
          assertThat(some.experts())
              .containsExactly(Arrays.copyOfRange(all.experts(), first, 130 * k));
          assertThat(some.weights())
              .containsExactly(Arrays.copyOfRange(all.weights(), first, 130 * k));
        }
      }
    }
  }

  private static float[] logits(
      float[] x, int row, float[] weight, float @Nullable [] bias, int experts, int hidden) {
    float[] logits = new float[experts];
    for (int expert = 0; expert < experts; expert++) {
      double dot = Numbers.dot(x, row, weight, expert, hidden).value();
      logits[expert] = (float) (dot + (bias == null ? 0 : bias[expert]));
    }
    return logits;
  }

  private static void score(float[] logits, Score score) {
    double total = 0;
    for (float logit : logits) {
      total += Math.exp(logit);
    }
    for (int i = 0; i < logits.length; i++) {
      logits[i] =
          (float)
              (score == Score.SOFTMAX
                  ? Math.exp(logits[i]) / total
                  : 1 / (1 + Math.exp(-logits[i])));
    }
  }

  @Test
  default void theGateOfASharedExpertIsARouterOfOne() {
    int hidden = 320;
    MoeConfig moe = Rig.moe(40).withShared(48, true);
    try (Rig rig = rig(Rig.model(hidden, 64, Rig.attention(), moe))) {
      float[] weight = Numbers.floats(1, hidden);
      float[] x = Numbers.floats(2, 130 * hidden);
      Router router = new Router(rig.floats(weight), null, null, 1, 1, RouterConfig.sigmoid(false));
      Routing all = new Routing(130, 1);
      rig.stream.routeTopK(rig.floats(x), 130, hidden, router, all);
      for (int row = 0; row < 130; row++) {
        double logit = Numbers.dot(x, row, weight, 0, hidden).value();
        new Numbers.Expected(1 / (1 + Math.exp(-logit)), 1e-5)
            .check(all.weights()[row], "row " + row);
        assertThat(all.experts()[row]).isZero();
      }
      Routing last = new Routing(1, 1);
      float[] row = Numbers.rows(x, hidden, 129, 130);
      rig.stream.routeTopK(rig.floats(row), 1, hidden, router, last);
      assertThat(last.weights()[0]).isEqualTo(all.weights()[129]);
    }
  }

  private static ModelConfig routerModel(int hidden, int experts, int k) {
    return Rig.model(
        hidden, 64, Rig.attention(), MoeConfig.of(experts, k, 40, RouterConfig.softmax(true)));
  }

  private static Routing route(
      Rig rig, float[] x, int rows, float[] weight, int experts, int k, boolean normalise) {
    Routing routing = new Routing(Math.max(rows, 1), k);
    Router router =
        new Router(rig.floats(weight), null, null, experts, k, RouterConfig.softmax(normalise));
    rig.stream.routeTopK(rig.floats(x), rows, weight.length / experts, router, routing);
    return routing;
  }
}
