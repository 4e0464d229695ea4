package dev.drey.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.ExpertId;
import java.util.List;
import org.junit.jupiter.api.Test;

class CachePoliciesTest {
  private static final CacheShape SHAPE = CacheShape.of(4, 8, 8);

  @Test
  void everyPolicyHasTheNameItIsAskedForBy() {
    assertThat(CachePolicies.names())
        .containsExactly(
            "cacheless.load-use-drop",
            "classic.arc",
            "classic.layer-lru",
            "classic.lfu",
            "classic.lru",
            "cyclic.scan",
            "edgemoe.distance",
            "fate.arc",
            "finemoe.inverse-probability",
            "hobbit.weighted",
            "infinity.activation",
            "stale.least",
            "static.popularity");
    for (String name : CachePolicies.names()) {
      assertThat(CachePolicies.named(name, SHAPE).name()).isEqualTo(name);
    }
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> CachePolicies.named("lru", SHAPE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown cache policy 'lru'; known are " + CachePolicies.names());
  }

  @Test
  void thePolicyOfTheFutureIsRefusedWithTheReason() {
    assertThatThrownBy(() -> CachePolicies.named("offline.belady", SHAPE))
        .hasMessageEndingWith("offline.belady must know the future and exists in simulations only");
  }

  @Test
  void onlyTheCachelessPolicyDropsWhatWasUsed() {
    for (String name : CachePolicies.names()) {
      assertThat(CachePolicies.named(name, SHAPE).keepsUsed())
          .as(name)
          .isEqualTo(!name.startsWith("cacheless."));
    }
  }

  @Test
  void aShapeWithNothingInItIsRefused() {
    for (List<Integer> layers : List.of(List.<Integer>of(), List.of(-1), List.of(2, 2))) {
      assertThatThrownBy(() -> new CacheShape(layers, 8, 8))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("found layers " + layers);
    }
    assertThatThrownBy(() -> CacheShape.of(1, 0, 1)).hasMessageContaining("0 experts");
    assertThatThrownBy(() -> CacheShape.of(1, 1, 0)).hasMessageContaining("0 slots");
  }

  @Test
  void anExpertOutsideOfTheShapeIsRefused() {
    CachePolicy policy = CachePolicies.named("classic.lfu", new CacheShape(List.of(1, 3), 4, 2));
    policy.onInsert(new ExpertId(3, 3));
    assertThatThrownBy(() -> policy.onInsert(new ExpertId(2, 0)))
        .hasMessageStartingWith("layer 2 has no experts in CacheShape[layers=[1, 3]");
    assertThatThrownBy(() -> policy.onInsert(new ExpertId(4, 0)))
        .hasMessageStartingWith("layer 4 has no experts");
    assertThatThrownBy(() -> policy.onInsert(new ExpertId(3, 4)))
        .hasMessageStartingWith("there is no expert L3/E4 in CacheShape");
  }

  @Test
  void anEighthOfTheWindowIsLeftToWhatPassesThrough() {
    assertThat(CacheShape.of(1, 1, 1).passingSlots()).isEqualTo(1);
    assertThat(CacheShape.of(1, 8, 4).passingSlots()).isEqualTo(2);
    assertThat(CacheShape.of(8, 32, 64).passingSlots()).isEqualTo(8);
    assertThat(CacheShape.of(48, 128, 1536).passingSlots()).isEqualTo(16);
  }
}
