package dev.drey.runtime.cache;

import static dev.drey.runtime.cache.PolicyRig.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.ExpertId;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Policies that rank by a score, on sequences short enough to be worked out by hand. */
class ScoredPoliciesTest {
  private static final CacheShape FOUR_LAYERS = CacheShape.of(4, 4, 4);

  private static PolicyRig rig(String policy, CacheShape shape) {
    return new PolicyRig(CachePolicies.named(policy, shape));
  }

  // -- ties

  @Test
  void ofEqualScoresTheLayerFarthestAheadLeavesFirstThenTheHigherIndex() {
    PolicyRig rig = rig("classic.lfu", FOUR_LAYERS);
    for (int layer = 0; layer < 4; layer++) {
      rig.insert(layer, 0, 1);
    }
    rig.demand(1, 3); // so layer 2 comes next, layer 1 last
    assertThat(
            rig.order(
                id(0, 0), id(0, 1), id(1, 0), id(1, 1), id(2, 0), id(2, 1), id(3, 0), id(3, 1)))
        .containsExactly(
            id(1, 1), id(1, 0), id(0, 1), id(0, 0), id(3, 1), id(3, 0), id(2, 1), id(2, 0));
  }

  @Test
  void aLayerWhoseLowestMayNotLeaveGivesItsNextIfThatIsLowest() {
    PolicyRig rig = rig("classic.lfu", FOUR_LAYERS);
    rig.insert(0, 0, 1);
    rig.insert(1, 0);
    rig.demand(0, 1);
    rig.demand(1, 0);
    rig.nextPass();
    rig.demand(1, 0); // L0/E0: 0, L0/E1: 1, L1/E0: 1.98
    assertThat(rig.victim(id(0, 0), id(0, 1), id(1, 0))).isEqualTo(id(0, 0));
    assertThat(rig.victim(id(0, 1), id(1, 0))).isEqualTo(id(0, 1));
    assertThat(rig.victim(id(1, 0))).isEqualTo(id(1, 0));
  }

  @Test
  void theIncomingExpertIsReturnedIfItMayPassAndIsWorthLeast() {
    PolicyRig rig = rig("classic.lfu", FOUR_LAYERS);
    rig.insert(0, 0, 1);
    rig.demand(0, 0, 1);
    List<ExpertId> all = List.of(id(0, 0), id(0, 1), id(0, 2));
    assertThat(rig.policy.victim(id(0, 2), all, true)).isEqualTo(id(0, 2));
    assertThat(rig.policy.victim(id(0, 2), all.subList(0, 2), true)).isEqualTo(id(0, 1));
    rig.demand(0, 2);
    rig.demand(0, 2);
    assertThat(rig.policy.victim(id(0, 2), all, true)).isEqualTo(id(0, 1));
  }

  @Test
  void withoutACandidateThereIsNoVictim() {
    PolicyRig rig = rig("classic.lfu", FOUR_LAYERS);
    rig.insert(2, 1);
    assertThat(rig.policy.victim(id(0, 1), List.of(), true)).isNull();
    assertThat(rig.policy.victim(id(0, 1), List.of(id(2, 1)), false)).isEqualTo(id(2, 1));
  }

  // -- classic.lfu

  @Test
  void theLeastFrequentlyDemandedLeavesFirst() {
    PolicyRig rig = rig("classic.lfu", FOUR_LAYERS);
    rig.insert(0, 0, 1, 2);
    rig.demand(0, 0, 1);
    rig.demand(0, 0, 2);
    rig.demand(0, 0, 2); // 0: 2.94, 1: 0.96, 2: 1.98
    assertThat(rig.order(id(0, 0), id(0, 1), id(0, 2)))
        .containsExactly(id(0, 1), id(0, 2), id(0, 0));
  }

  @Test
  void countsFadeSoThatALittleRecentUseOutweighsMuchOldUse() {
    PolicyRig rig = rig("classic.lfu", FOUR_LAYERS);
    rig.insert(0, 0, 1);
    for (int i = 0; i < 100; i++) {
      rig.demand(0, 0);
    }
    for (int i = 0; i < 30; i++) {
      rig.demand(0, 1); // 0: 43.4 * 0.98^30 = 23.7, 1: 22.7
    }
    assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 1));
    rig.demand(0, 1);
    rig.demand(0, 1); // 0: 22.7, 1: 23.8
    assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 0));
  }

  @Test
  void aCountOutlivesItsExpertsStayInTheWindow() {
    PolicyRig rig = rig("classic.lfu", FOUR_LAYERS);
    rig.insert(0, 0, 1);
    rig.demand(0, 0);
    rig.demand(0, 0, 1);
    rig.evict(0, 0);
    rig.insert(0, 0);
    assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 1));
  }

  // -- edgemoe.distance

  @Test
  void frequencyIsDividedByTheLayersAhead() {
    PolicyRig rig = rig("edgemoe.distance", FOUR_LAYERS);
    for (int layer = 0; layer < 4; layer++) {
      rig.insert(layer, 0);
      rig.demand(layer, 0);
    }
    // at layer 3, each used once: 1/1, 1/2, 1/3, 1/4
    ExpertId[] all = {id(0, 0), id(1, 0), id(2, 0), id(3, 0)};
    assertThat(rig.victim(all)).isEqualTo(id(3, 0));
    assertThat(rig.victim(id(0, 0), id(1, 0), id(2, 0))).isEqualTo(id(2, 0));
    rig.nextPass();
    rig.demand(0, 0);
    rig.demand(1, 0);
    // at layer 1: 1.98/3 = 0.66, 1.98/4 = 0.495, 1/1, 1/2
    assertThat(rig.order(all)).containsExactly(id(1, 0), id(3, 0), id(0, 0), id(2, 0));
  }

  // -- infinity.activation

  @Test
  void sharesOfTokensCountLessTheDeeperTheLayer() {
    PolicyRig rig = rig("infinity.activation", FOUR_LAYERS);
    rig.insert(0, 0, 1);
    rig.insert(3, 0);
    rig.demand(0, new int[] {0, 1}, new int[] {3, 2});
    rig.demand(3, new int[] {0}, new int[] {5});
    // 0.6 * 1, 0.4 * 1, 1 * 1/4
    assertThat(rig.order(id(0, 0), id(0, 1), id(3, 0)))
        .containsExactly(id(3, 0), id(0, 1), id(0, 0));
  }

  @Test
  void whatIsPredictedForALayerCountsUntilTheLayerIsDemanded() {
    PolicyRig rig = rig("infinity.activation", FOUR_LAYERS);
    rig.insert(1, 0, 1, 2);
    rig.demand(1, new int[] {0, 1, 2}, new int[] {6, 3, 1});
    rig.nextPass();
    rig.predict(0, 1, 2, 0.6f);
    rig.predict(0, 1, 1, 0.4f);
    assertThat(rig.victim(id(1, 0), id(1, 1), id(1, 2))).isEqualTo(id(1, 0));
    assertThat(rig.victim(id(1, 1), id(1, 2))).isEqualTo(id(1, 1));
    rig.demand(1, new int[] {0, 1, 2}, new int[] {1, 1, 1});
    assertThat(rig.victim(id(1, 0), id(1, 1), id(1, 2))).isEqualTo(id(1, 2));
  }

  @Test
  void aLaterIssueReplacesAnEarlierOne() {
    PolicyRig rig = rig("infinity.activation", FOUR_LAYERS);
    rig.insert(2, 0, 1);
    rig.predict(0, 2, 0, 9);
    rig.predict(0, 2, 1, 1);
    assertThat(rig.victim(id(2, 0), id(2, 1))).isEqualTo(id(2, 1));
    rig.predict(1, 2, 1, 1);
    assertThat(rig.victim(id(2, 0), id(2, 1))).isEqualTo(id(2, 0));
  }

  // -- finemoe.inverse-probability

  @Test
  void probabilityIsMultipliedByFrequency() {
    PolicyRig rig = rig("finemoe.inverse-probability", FOUR_LAYERS);
    rig.insert(0, 0, 1);
    rig.demand(0, new int[] {0, 1}, new int[] {3, 1});
    // p: 0.95 * 3/4 + 0.05/4 and 0.95 * 1/4 + 0.05/4; both used once
    assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 1));
    rig.demand(0, new int[] {1}, new int[] {1});
    // p: 0.0125 and 0.9625; used 0.98 and 1.98 times
    assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 0));
    rig.predict(3, 0, 0, 5);
    // p: 0.9625 and 0.0125
    assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 1));
  }

  @Test
  void amongTheUnexpectedTheFrequencyDecides() {
    PolicyRig rig = rig("finemoe.inverse-probability", FOUR_LAYERS);
    rig.insert(1, 0, 1, 2);
    rig.demand(1, 0, 1);
    rig.demand(1, 0);
    rig.predict(0, 1, 2, 1);
    assertThat(rig.victim(id(1, 0), id(1, 1))).isEqualTo(id(1, 1));
    assertThat(rig.victim(id(1, 0), id(1, 2))).isEqualTo(id(1, 0)); // expected, if never used
  }

  // -- hobbit.weighted

  @Test
  void recencyFrequencyAndNearnessAreSummed() {
    PolicyRig rig = rig("hobbit.weighted", CacheShape.of(2, 4, 2));
    rig.insert(0, 0, 1);
    rig.insert(1, 0);
    rig.demand(0, 0);
    rig.demand(1, 0);
    // pass 1 at layer 1: 0.75 + 0.25 * 1/2 and 0.75 + 0.25 * 1
    assertThat(rig.victim(id(0, 0), id(1, 0))).isEqualTo(id(0, 0));
    rig.nextPass();
    rig.demand(0, 1);
    // pass 2 at layer 0: L0/E0 0.75/2 + 0.25, L0/E1 1/2 + 0.25, L1/E0 0.75/2 + 0.125
    assertThat(rig.order(id(0, 0), id(0, 1), id(1, 0)))
        .containsExactly(id(1, 0), id(0, 0), id(0, 1));
  }

  @Test
  void thePastLosesHalfOfItsWeightAfterAPeriod() {
    PolicyRig rig =
        new PolicyRig(
            new WeightedPolicy(CacheShape.of(1, 4, 2), new WeightedPolicy.Weights(0, 0.5, 0.5, 0)));
    rig.insert(0, 0, 1);
    for (int pass = 0; pass < WeightedPolicy.PERIOD; pass++) {
      rig.demand(0, 0);
      rig.nextPass();
    }
    for (int pass = 0; pass < WeightedPolicy.PERIOD / 2; pass++) {
      assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 1));
      rig.demand(0, 1);
      rig.nextPass();
    }
    rig.demand(0, 1); // 65 uses against 64, both halved once more
    assertThat(rig.victim(id(0, 0), id(0, 1))).isEqualTo(id(0, 0));
  }

  // -- stale.least

  @Test
  void whatThePresentPassHasNotTouchedLeavesFirst() {
    PolicyRig rig = rig("stale.least", CacheShape.of(3, 4, 4));
    for (int layer = 0; layer < 3; layer++) {
      rig.insert(layer, 0);
      rig.demand(layer, 0);
    }
    rig.nextPass();
    rig.demand(0, 1);
    rig.insert(0, 1);
    assertThat(rig.order(id(0, 0), id(0, 1), id(1, 0), id(2, 0)))
        .containsExactly(id(0, 0), id(2, 0), id(1, 0), id(0, 1));
  }

  @Test
  void aPrefetchOfThePresentPassIsFreshAndWithinALayerTheStalestLeavesFirst() {
    PolicyRig rig = rig("stale.least", CacheShape.of(3, 4, 4));
    rig.insert(1, 0, 1);
    rig.demand(0, 0);
    rig.demand(1, 0, 1);
    rig.nextPass();
    rig.demand(0, 0);
    rig.demand(1, 0);
    rig.nextPass();
    rig.demand(0, 0);
    rig.insert(1, 2);
    assertThat(rig.order(id(1, 0), id(1, 1), id(1, 2)))
        .containsExactly(id(1, 1), id(1, 0), id(1, 2));
  }

  // -- static.popularity

  @Test
  void theMostPopularArePinnedAndTheRestLeavesByRecency() {
    PolicyRig rig = rig("static.popularity", CacheShape.of(1, 8, 4)); // two slots for passing
    rig.insert(0, 1, 3, 5, 7);
    for (int pass = 0; pass < PopularityPolicy.PERIOD; pass++) {
      assertThat(rig.spares(id(0, 3), 0)).isFalse();
      rig.demand(0, new int[] {1, 3, 5}, new int[] {1, 5, 4});
      rig.nextPass();
    }
    rig.demand(0, 7);
    for (int expert : new int[] {1, 3, 5, 7}) {
      assertThat(rig.spares(id(0, expert), 0)).isEqualTo(expert == 3 || expert == 5);
    }
    assertThat(rig.order(id(0, 1), id(0, 3), id(0, 5), id(0, 7)))
        .containsExactly(id(0, 1), id(0, 7), id(0, 5), id(0, 3));
  }

  @Test
  void thePinnedFollowTheUse() {
    PolicyRig rig = rig("static.popularity", CacheShape.of(1, 8, 4));
    rig.insert(0, 2, 3);
    for (int pass = 0; pass <= PopularityPolicy.PERIOD; pass++) {
      rig.demand(0, 3, 5);
      rig.nextPass();
    }
    assertThat(rig.spares(id(0, 3), 0)).isTrue();
    for (int pass = 0; pass <= PopularityPolicy.PERIOD; pass++) {
      rig.demand(0, 2, 4);
      rig.nextPass();
    }
    assertThat(rig.spares(id(0, 3), 0)).isFalse();
    assertThat(rig.spares(id(0, 2), 0)).isTrue();
  }

  // -- cyclic.scan

  @Test
  void aScanLongerThanTheWindowHitsWhatIsPinned() {
    CacheShape shape = CacheShape.of(3, 4, 8); // two slots for passing, two pinned per layer
    EventWindow window = new EventWindow(CachePolicies.named("cyclic.scan", shape), shape);
    EventWindow recency = new EventWindow(CachePolicies.named("classic.lru", shape), shape);
    for (int step = 0; step < 40; step++) {
      for (int layer = 0; layer < 3; layer++) {
        window.demand(step, layer, 0, 1, 2, 3);
        recency.demand(step, layer, 0, 1, 2, 3);
      }
      if (step == 19) {
        window.hits = 0;
      }
    }
    assertThat(window.hits).isEqualTo(20 * 6);
    assertThat(recency.hits).isZero();
  }

  @Test
  void whatThreeLayersDemandPassesWhilePredictionsCome() {
    assertThat(CyclicScanPolicy.passingAhead(200, 4)).isEqualTo(12);
    assertThat(CyclicScanPolicy.passingAhead(200, 28)).as("16 at most").isEqualTo(16);
    assertThat(CyclicScanPolicy.passingAhead(55, 28)).as("less than two layers").isEqualTo(55);
    assertThat(CyclicScanPolicy.passingAhead(56, 28)).isEqualTo(16);
    assertThat(CyclicScanPolicy.passingAhead(20, 8)).as("half of the window").isEqualTo(10);
    assertThat(CyclicScanPolicy.passingAhead(200, 0.1)).as("one computes, one comes").isEqualTo(2);
  }

  @Test
  void nothingIsPinnedWhileAPassFitsIntoTheWindow() {
    PolicyRig rig = rig("cyclic.scan", CacheShape.of(2, 8, 8));
    for (int pass = 0; pass < 30; pass++) {
      rig.demand(0, 0, 1, 2);
      rig.demand(1, 4, 5);
      rig.nextPass();
    }
    rig.insert(0, 0, 7);
    rig.insert(1, 4, 5);
    assertThat(rig.spares(id(0, 0), 1)).isFalse();
    rig.demand(0, 0);
    // expected in 2 layers, never, in 1 layer, in 1 layer
    assertThat(rig.order(id(0, 0), id(0, 7), id(1, 4), id(1, 5)))
        .containsExactly(id(0, 7), id(0, 0), id(1, 5), id(1, 4));
  }
}
