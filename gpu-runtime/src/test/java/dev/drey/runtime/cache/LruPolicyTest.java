package dev.drey.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.ExpertId;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LruPolicyTest {
  private final CachePolicy policy = CachePolicies.named("classic.lru");

  private static List<ExpertId> ids(int... experts) {
    return Arrays.stream(experts).mapToObj(e -> new ExpertId(0, e)).toList();
  }

  private void insert(int... experts) {
    ids(experts).forEach(policy::onInsert);
  }

  private int victimOf(int... candidates) {
    return policy.victim(ids(candidates)).index();
  }

  @Test
  void whatHasNotBeenDemandedForLongestLeavesFirst() {
    insert(3, 1, 2);
    policy.onDemand(0, 0, ids(3));
    assertThat(victimOf(1, 2, 3)).isEqualTo(1);
    policy.onDemand(1, 0, ids(1, 2));
    assertThat(victimOf(1, 2, 3)).isEqualTo(3);
  }

  @Test
  void membersOfOneDemandLeaveByIndex() {
    insert(3, 2, 1);
    policy.onDemand(0, 0, ids(1, 2, 3));
    assertThat(victimOf(1, 2, 3)).isEqualTo(1);
  }

  @Test
  void onlyCandidatesAreChosen() {
    insert(1, 2, 3);
    assertThat(victimOf(2, 3)).isEqualTo(2);
    assertThat(victimOf(3)).isEqualTo(3);
  }

  @Test
  void anExpertThatLeftAndCameBackCountsAsNew() {
    insert(1, 2);
    policy.onEvict(new ExpertId(0, 1));
    insert(1);
    assertThat(victimOf(1, 2)).isEqualTo(2);
  }

  @Test
  void aDemandForWhatIsNotResidentLeavesNoTrace() {
    insert(1);
    policy.onDemand(0, 0, ids(7));
    assertThatThrownBy(() -> victimOf(7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no candidate is resident: [L0/E7]; resident are [L0/E1]");
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThat(policy.name()).isEqualTo("classic.lru");
    assertThatThrownBy(() -> CachePolicies.named("lru"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown cache policy 'lru'; known are [cacheless.load-use-drop, classic.lru]");
  }
}
