package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.drey.runtime.predict.Traffic.Recall;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What predictors that learn from routing see in traffic that has something to see. */
class HistoryPredictorsTest {
  private static final PredictorOptions DEFAULT = PredictorOptions.DEFAULT;
  private static final PredictorShape SMALL = PredictorShape.of(4, 8, 2);

  /** Recall in a third of three domains, after all of them have been seen in turns. */
  private static Recall learnt(String predictor, PredictorOptions options) {
    Traffic traffic = new Traffic(predictor, options);
    for (int round = 0; round < 20; round++) {
      for (int domain = 0; domain < 3; domain++) {
        traffic.run(1, domain);
      }
    }
    return traffic.run(20, 1);
  }

  private static Recall learnt(String predictor) {
    return learnt(predictor, DEFAULT);
  }

  @Test
  void popularityIsTheSameAtEveryDistanceAndBetterThanChance() {
    Recall popularity = learnt("history.popularity");
    double chance = 2.0 / Traffic.EXPERTS;
    assertThat(learnt("random.uniform").ahead(1)).isBetween(0.0, 2 * chance);
    assertThat(popularity.ahead(1)).isBetween(2 * chance, 0.5);
    assertThat(popularity.ahead(3)).isCloseTo(popularity.ahead(1), within(0.15));
  }

  @Test
  void thePreviousTokenTellsAsMuchAsTokensRepeat() {
    Recall previous = learnt("history.previous-token");
    assertThat(previous.ahead(1)).isCloseTo(0.7, within(0.07));
    assertThat(previous.ahead(3)).isCloseTo(0.7, within(0.07));
    assertThat(previous.atBegin(0)).isCloseTo(0.7, within(0.07));
  }

  @Test
  void correlationFollowsAnExpertToItsSuccessors() {
    Recall correlation = learnt("klotski.correlation", new PredictorOptions(3, 0));
    assertThat(correlation.ahead(1)).isGreaterThan(0.8);
    assertThat(correlation.ahead(3)).isBetween(0.6, correlation.ahead(1) + 0.05);
    assertThat(correlation.atBegin(0)).isLessThan(0.5); // plain popularity
  }

  @Test
  void aPathThroughTwoLayersTellsMoreThanOneLayer() {
    assertThat(learnt("edgemoe.path").ahead(1))
        .isGreaterThan(0.9)
        .isGreaterThanOrEqualTo(learnt("klotski.correlation").ahead(1));
  }

  @Test
  void theTokenTableKnowsEveryLayerOfASeenTokenBeforeTheStep() {
    Recall table = learnt("sida.token-table");
    for (int layer = 0; layer < Traffic.LAYERS; layer++) {
      assertThat(table.atBegin(layer)).isEqualTo(1);
    }
  }

  @Test
  void aRequestIsContinuedAsTheRequestsLikeIt() {
    Recall trace = learnt("infinity.activation-trace");
    double popularity = learnt("history.popularity").ahead(1);
    assertThat(trace.ahead(1)).isGreaterThan(popularity + 0.3);
    assertThat(trace.ahead(3)).isGreaterThan(popularity + 0.3);
    assertThat(trace.atBegin(0)).isGreaterThan(learnt("history.popularity").atBegin(0) + 0.1);
  }

  @Test
  void aPassIsContinuedAsThePassesLikeIt() {
    Recall map = learnt("finemoe.expert-map");
    assertThat(map.ahead(3)).isGreaterThan(0.95);
    assertThat(atBegin(map)).isGreaterThan(atBegin(learnt("history.popularity")));
  }

  /** Of the first three layers: by what the prompt is about. */
  private static double atBegin(Recall recall) {
    return (recall.atBegin(0) + recall.atBegin(1) + recall.atBegin(2)) / 3;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "edgemoe.path",
        "finemoe.expert-map",
        "history.popularity",
        "infinity.activation-trace",
        "klotski.correlation",
        "sida.token-table"
      })
  void anotherDomainIsLearntAsIfItWereTheFirst(String name) {
    boolean keepsRequests = name.equals("infinity.activation-trace");
    PredictorOptions options = new PredictorOptions(3, keepsRequests ? 24 : 0);
    Traffic fresh = new Traffic(name, options);
    fresh.run(40, 1);
    Traffic changed = new Traffic(name, options);
    changed.run(60, 0);
    double atFirst = recall(name, changed.run(1, 1));
    changed.run(39, 1);
    double expected = recall(name, fresh.run(20, 1));
    assertThat(recall(name, changed.run(20, 1)))
        .isGreaterThan(expected - 0.1)
        .isGreaterThanOrEqualTo(atFirst);
  }

  private static double recall(String name, Recall recall) {
    return switch (name) {
      case "sida.token-table", "finemoe.expert-map" -> recall.ahead(3);
      default -> recall.ahead(1);
    };
  }

  @Test
  void anEmptyStartSaysNothingRatherThanAnything() {
    for (String name : Predictors.names()) {
      PredictorRig rig = PredictorRig.of(name, SMALL, Untrained.options(DEFAULT, SMALL));
      Set<PredictorInput> reads = rig.predictor.reads();
      if (reads.contains(PredictorInput.GATES)
          || reads.contains(PredictorInput.SHADOW)
          || name.equals("random.uniform")) {
        continue; // learn nothing
      }
      rig.begin(new int[] {3}, PredictorRig.decode(0));
      assertThat(rig.said).as(name).isEmpty();
    }
  }

  @Test
  void asManyAreToldAsTheLayerDemanded() {
    PredictorRig rig = PredictorRig.of("history.popularity", SMALL, new PredictorOptions(1, 0));
    for (int step = 0; step < 2; step++) {
      rig.begin(PredictorRig.decode(0), PredictorRig.decode(1), PredictorRig.decode(2));
      rig.route(0, 0, 1, 0, 1, 0, 1);
      rig.route(1, 2, 3, 3, 4, 3, 5);
      rig.route(2, 0, 1, 0, 2, 0, 3);
      rig.route(3, 0, 1, 0, 1, 0, 1);
    }
    rig.begin(PredictorRig.decode(0), PredictorRig.decode(1), PredictorRig.decode(2));
    rig.route(0, 0, 1, 0, 1, 0, 1);
    assertThat(rig.predicted(1)).containsExactly(3, 2);
    rig.route(1, 2, 3, 3, 4, 3, 5);
    assertThat(rig.predicted(2)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void correlationVotesAreWeightedByRows() {
    PredictorRig rig = PredictorRig.of("klotski.correlation", SMALL, DEFAULT);
    rig.begin(PredictorRig.decode(0), PredictorRig.decode(1));
    rig.route(0, 0, 1, 2, 3);
    rig.route(1, 4, 5, 6, 7);
    rig.begin(PredictorRig.decode(0), PredictorRig.decode(1), PredictorRig.decode(2));
    rig.route(0, 2, 3, 2, 3, 0, 1);
    assertThat(rig.predicted(1)).containsExactly(6, 7, 4, 5);
    assertThat(rig.scores(1)).containsExactly(2f, 2f, 1f, 1f);
  }

  @Test
  void aSequenceThatEndedIsNotFollowedAnyMore() {
    PredictorRig rig = PredictorRig.of("history.previous-token", SMALL, DEFAULT);
    rig.begin(PredictorRig.decode(7));
    rig.route(0, 4, 5);
    rig.begin(PredictorRig.decode(7));
    assertThat(rig.predicted(0)).containsExactly(4, 5);
    rig.predictor.sequenceEnded(7);
    rig.begin(PredictorRig.decode(7));
    assertThat(rig.targets()).isEmpty();
  }

  @Test
  void aFullCollectionStaysDiverseAndForgetsWhatNothingIsLike() {
    PredictorRig rig =
        PredictorRig.of("infinity.activation-trace", SMALL, new PredictorOptions(1, 2));
    request(rig, 0, new int[] {0, 1}, new int[] {0, 1});
    request(rig, 1, new int[] {6, 7}, new int[] {6, 7});
    request(rig, 2, new int[] {6, 7}, new int[] {6, 7}); // much like the second
    rig.begin(PredictorRig.decode(3));
    rig.route(0, 0, 1);
    assertThat(rig.predicted(1)).containsExactly(0, 1);
    request(rig, 4, new int[] {2, 3}, new int[] {4, 5}); // like none: the second is older
    rig.begin(PredictorRig.decode(5));
    rig.route(0, 0, 1);
    assertThat(rig.predicted(1)).containsExactly(0, 1);
    rig.begin(PredictorRig.decode(6));
    rig.route(0, 2, 3);
    assertThat(rig.predicted(1)).containsExactly(4, 5);
    rig.begin(PredictorRig.decode(7));
    rig.route(0, 6, 7);
    assertThat(rig.targets()).isEmpty();
  }

  private static void request(PredictorRig rig, int sequence, int[] first, int[] second) {
    rig.begin(PredictorRig.decode(sequence));
    rig.route(0, first);
    rig.route(1, second);
    rig.predictor.sequenceEnded(sequence);
  }

  @Test
  void theAnswersMatrixDoesNotHoldThePrompt() {
    PredictorRig rig = PredictorRig.of("infinity.activation-trace", SMALL, DEFAULT);
    rig.begin(new PredictorRig.Span(0, 2, 2, 0));
    rig.route(0, 4, 5, 4, 5);
    rig.route(1, 4, 5, 4, 5);
    rig.begin(new PredictorRig.Span(0, 1, 2, 1));
    rig.route(0, 0, 1);
    rig.route(1, 2, 3);
    rig.predictor.sequenceEnded(0);
    rig.begin(PredictorRig.decode(1));
    rig.route(0, 4, 5);
    assertThat(rig.targets()).isEmpty(); // nothing like it was kept
    rig.begin(PredictorRig.decode(2));
    rig.route(0, 0, 1);
    assertThat(rig.predicted(1)).containsExactly(2, 3);
  }

  @Test
  void theLessAlikeAMapTheMoreOfItIsPredicted() {
    PredictorRig rig =
        PredictorRig.of(
            "finemoe.expert-map", PredictorShape.of(2, 8, 2), new PredictorOptions(1, 0));
    int[][] seconds = {{2, 3}, {2, 3}, {4, 5}, {6, 7}};
    for (int[] second : seconds) {
      rig.begin(PredictorRig.decode(0));
      rig.route(0, 0, 1);
      rig.route(1, second);
    }
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 0, 1);
    assertThat(rig.predicted(1)).containsExactly(2, 3); // just like it: as many as are chosen
    rig.begin(PredictorRig.decode(0));
    rig.route(0, new int[] {0, 7}, new float[] {0.1f, 0.9f});
    assertThat(rig.predicted(1)).containsExactly(2, 3, 4, 5, 6, 7);
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 6, 7);
    assertThat(rig.targets()).isEmpty(); // nothing is like it
  }

  @Test
  void aMapUnlikeAllOthersTakesThePlaceOfTheOneFoundLeastRecently() {
    PredictorRig rig =
        PredictorRig.of(
            "finemoe.expert-map", PredictorShape.of(2, 8, 2), new PredictorOptions(1, 2));
    int[][][] passes = {{{0, 1}, {2, 3}}, {{4, 5}, {6, 7}}, {{0, 1}, {2, 3}}, {{2, 3}, {0, 1}}};
    for (int[][] pass : passes) {
      rig.begin(PredictorRig.decode(0));
      rig.route(0, pass[0]);
      rig.route(1, pass[1]);
    }
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 4, 5);
    assertThat(rig.targets()).isEmpty();
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 0, 1);
    assertThat(rig.predicted(1)).containsExactly(2, 3);
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 2, 3);
    assertThat(rig.predicted(1)).containsExactly(0, 1);
  }

  @Test
  void aPathIsKnownOnlyToTheRowsThatTookIt() {
    PredictorRig rig =
        PredictorRig.of("edgemoe.path", PredictorShape.of(3, 8, 1), PredictorOptions.DEFAULT);
    int[][] passes = {{0, 4, 1}, {1, 4, 2}};
    for (int[] pass : passes) {
      rig.begin(PredictorRig.decode(0));
      for (int layer = 0; layer < 3; layer++) {
        rig.route(layer, pass[layer]);
      }
    }
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 1);
    assertThat(rig.predicted(1)).containsExactly(4);
    rig.route(1, 4);
    assertThat(rig.predicted(2)).containsExactly(2); // 4 alone would say 1 as well
  }

  @Test
  void randomPredictionsStayTheSameForALayerOfAStep() {
    PredictorRig rig = PredictorRig.of("random.uniform", SMALL, new PredictorOptions(2, 0));
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 0, 1);
    List<Integer> first = rig.predicted(2);
    assertThat(first).hasSize(2);
    rig.route(1, 4, 5);
    assertThat(rig.predicted(2)).isEqualTo(first);
  }
}
