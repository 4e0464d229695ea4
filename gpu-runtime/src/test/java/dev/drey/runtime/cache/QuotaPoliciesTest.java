package dev.drey.runtime.cache;

import static dev.drey.runtime.cache.PolicyRig.id;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Policies that give every layer a cache of its own. */
class QuotaPoliciesTest {

  @Test
  void fourShallowLayersAreKeptWholeIfThereIsEnough() {
    // 53 slots beside 7 for passing: 4 * 8, and 21 over 6 layers
    assertThat(LayerQuotas.shallowFirst(CacheShape.of(10, 8, 60)))
        .containsExactly(8, 8, 8, 8, 4, 4, 4, 3, 3, 3);
  }

  @Test
  void withLessWholeLayersAreKeptFromTheFirstOn() {
    assertThat(LayerQuotas.shallowFirst(CacheShape.of(10, 8, 20)))
        .containsExactly(8, 8, 2, 0, 0, 0, 0, 0, 0, 0);
    assertThat(LayerQuotas.shallowFirst(CacheShape.of(2, 8, 12))).containsExactly(8, 2);
  }

  @Test
  void evenQuotasDifferByOneAtMost() {
    assertThat(LayerQuotas.even(CacheShape.of(4, 8, 12))).containsExactly(3, 3, 2, 2);
    assertThat(LayerQuotas.even(CacheShape.of(4, 8, 2))).containsExactly(0, 0, 0, 0);
  }

  @Test
  void aWindowForAllExpertsHasRoomForAllInEveryLayer() {
    CacheShape shape = CacheShape.of(6, 8, 48);
    assertThat(LayerQuotas.even(shape)).containsOnly(8);
    assertThat(LayerQuotas.shallowFirst(shape)).containsOnly(8);
  }

  private static PolicyRig layerLru(int... quotas) {
    return new PolicyRig(
        new LayerLruPolicy(CacheShape.of(quotas.length, 4, 4 * quotas.length), quotas));
  }

  @Test
  void aFullLayerMakesRoomForItsOwn() {
    PolicyRig rig = layerLru(2, 2);
    rig.insert(0, 0, 1);
    rig.insert(1, 0, 1);
    rig.demand(0, 0);
    assertThat(rig.victimFor(0, id(0, 0), id(0, 1), id(1, 0), id(1, 1))).isEqualTo(id(0, 1));
    assertThat(rig.victimFor(1, id(0, 0), id(0, 1), id(1, 0), id(1, 1))).isEqualTo(id(1, 0));
  }

  @Test
  void aLayerBelowItsQuotaTakesFromTheOneFarthestAbove() {
    PolicyRig rig = layerLru(2, 1, 1);
    rig.insert(0, 0);
    rig.insert(1, 0, 1);
    rig.insert(2, 0, 1, 2);
    assertThat(rig.victimFor(0, id(0, 0), id(1, 0), id(2, 0))).isEqualTo(id(2, 0));
    assertThat(rig.victimFor(0, id(0, 0), id(1, 0))).isEqualTo(id(1, 0));
    assertThat(rig.victimFor(0, id(0, 0))).isEqualTo(id(0, 0));
  }

  @Test
  void whatADemandIsStillLoadingCountsForItsLayer() {
    PolicyRig rig = layerLru(2, 1);
    rig.insert(0, 0);
    rig.insert(1, 0, 1);
    assertThat(rig.victimFor(0, id(0, 0), id(1, 0))).isEqualTo(id(1, 0));
    rig.demand(0, 1, 2);
    assertThat(rig.victimFor(0, id(0, 0), id(1, 0))).isEqualTo(id(0, 0));
    rig.demand(0, 1); // the other load was given up
    assertThat(rig.victimFor(0, id(0, 0), id(1, 0))).isEqualTo(id(0, 0));
    rig.insert(0, 1);
    rig.evict(0, 0);
    assertThat(rig.victimFor(0, id(0, 1), id(1, 0))).isEqualTo(id(1, 0));
  }

  @Test
  void whatALayerMayKeepIsSparedForOtherLayersOnly() {
    PolicyRig rig = layerLru(2, 1);
    rig.insert(0, 0, 1);
    rig.insert(1, 0, 1);
    assertThat(rig.spares(id(0, 0), 1)).isTrue();
    assertThat(rig.spares(id(0, 0), 0)).isFalse();
    assertThat(rig.spares(id(1, 0), 0)).isFalse();
    rig.evict(1, 1);
    assertThat(rig.spares(id(1, 0), 0)).isTrue();
    assertThat(rig.victimFor(0, id(1, 0))).isEqualTo(id(1, 0)); // it must
  }

  // -- adaptive replacement, one layer of three slots

  private static final CacheShape ONE_LAYER = CacheShape.of(1, 8, 3);

  private static PolicyRig arc() {
    return new PolicyRig(ArcPolicy.fate(ONE_LAYER, new int[] {3}));
  }

  @Test
  void whatWasUsedOnceLeavesBeforeWhatWasUsedAgain() {
    PolicyRig rig = arc();
    rig.demand(0, 0, 1, 2);
    rig.insert(0, 0, 1, 2);
    rig.demand(0, 0);
    assertThat(rig.order(id(0, 0), id(0, 1), id(0, 2)))
        .containsExactly(id(0, 1), id(0, 2), id(0, 0));
  }

  @Test
  void anEvictedExpertThatComesBackWasUsedAgainAndMovesTheShare() {
    PolicyRig rig = arc();
    rig.demand(0, 0, 1, 2);
    rig.insert(0, 0, 1, 2);
    rig.demand(0, 0); // T1: 1 2, T2: 0
    rig.evict(0, 1);
    rig.demand(0, 1); // was evicted from T1, which has one: its share is 1 now
    rig.insert(0, 1); // T1: 2, T2: 0 1
    assertThat(rig.order(id(0, 0), id(0, 1), id(0, 2)))
        .containsExactly(id(0, 0), id(0, 1), id(0, 2));
  }

  @Test
  void aPrefetchedExpertsFirstDemandIsItsFirstUse() {
    PolicyRig rig = arc();
    rig.insert(0, 0); // predicted
    rig.demand(0, 1);
    rig.insert(0, 1);
    rig.demand(0, 1);
    rig.demand(0, 0); // T1: 0, T2: 1
    assertThat(rig.order(id(0, 0), id(0, 1))).containsExactly(id(0, 0), id(0, 1));
  }

  @Test
  void aPrefetchThatWasNeverUsedIsNotRemembered() {
    PolicyRig rig = arc();
    rig.insert(0, 0);
    rig.evict(0, 0);
    rig.demand(0, 1);
    rig.insert(0, 1);
    rig.demand(0, 1);
    rig.demand(0, 0);
    rig.insert(0, 0); // T1: 0, T2: 1
    rig.demand(0);
    assertThat(rig.order(id(0, 0), id(0, 1))).containsExactly(id(0, 0), id(0, 1));
  }
}
