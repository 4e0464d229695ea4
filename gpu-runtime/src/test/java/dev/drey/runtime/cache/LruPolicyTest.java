package dev.drey.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.ExpertId;
import org.junit.jupiter.api.Test;

class LruPolicyTest {
  private final CachePolicy policy = new LruPolicy(CacheShape.of(1, 8, 4));
  private final PolicyRig rig = new PolicyRig(policy);

  private int victimOf(int... candidates) {
    return rig.victim(EventWindow.ids(0, candidates).toArray(ExpertId[]::new)).index();
  }

  @Test
  void whatHasNotBeenDemandedForLongestLeavesFirst() {
    rig.insert(0, 3, 1, 2);
    rig.demand(0, 3);
    assertThat(victimOf(1, 2, 3)).isEqualTo(1);
    rig.demand(0, 1, 2);
    assertThat(victimOf(1, 2, 3)).isEqualTo(3);
  }

  @Test
  void membersOfOneDemandLeaveByIndex() {
    rig.insert(0, 3, 2, 1);
    rig.demand(0, 1, 2, 3);
    assertThat(victimOf(1, 2, 3)).isEqualTo(1);
  }

  @Test
  void onlyCandidatesAreChosen() {
    rig.insert(0, 1, 2, 3);
    assertThat(victimOf(2, 3)).isEqualTo(2);
    assertThat(victimOf(3)).isEqualTo(3);
  }

  @Test
  void anExpertThatLeftAndCameBackCountsAsNew() {
    rig.insert(0, 1, 2);
    rig.evict(0, 1);
    rig.insert(0, 1);
    assertThat(victimOf(1, 2)).isEqualTo(2);
  }

  @Test
  void aDemandForWhatIsNotResidentLeavesNoTrace() {
    rig.insert(0, 1);
    rig.demand(0, 7);
    assertThat(policy.victim(new ExpertId(0, 2), EventWindow.ids(0, 7), true)).isNull();
  }
}
