package dev.drey.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every policy, on random calls. */
class PolicyPropertiesTest {
  private static final CacheShape SHAPE = new CacheShape(List.of(1, 2, 3, 5), 8, 12);
  private static final int CALLS = 6000;

  static Set<String> names() {
    return CachePolicies.names();
  }

  private static CachePolicy named(String name) {
    return CachePolicies.named(name, SHAPE);
  }

  /** Any calls a window can make, made to several policies, which must answer alike. */
  private static final class Calls {
    private final List<CachePolicy> policies = new ArrayList<>();
    private final TreeSet<ExpertId> resident = new TreeSet<>();
    private final Random random;
    private long step;
    private int place;
    private int victims;

    Calls(long seed, CachePolicy... policies) {
      this.random = new Random(seed);
      this.policies.addAll(List.of(policies));
    }

    void make(int calls) {
      for (int i = 0; i < calls; i++) {
        int choice = random.nextInt(100);
        if (choice < 25) {
          demand();
        } else if (choice < 45) {
          predict();
        } else if (choice < 75) {
          insert();
        } else if (choice < 80 && !resident.isEmpty()) {
          evict(any());
        } else if (!resident.isEmpty()) {
          evict(victim());
        }
      }
    }

    private void demand() {
      place++;
      if (place == SHAPE.layers().size()) {
        place = 0;
        step = random.nextInt(40) == 0 ? 0 : step + 1;
      }
      int layer = SHAPE.layers().get(place);
      int[] experts = Traces.skewed(random, SHAPE.experts(), random.nextInt(SHAPE.experts() + 1));
      int[] tokens = random.ints(experts.length, 1, 9).toArray();
      policies.forEach(p -> p.onDemand(step, layer, EventWindow.ids(layer, experts), tokens));
    }

    private void predict() {
      ExpertId expert = anyExpert();
      long target = step + random.nextInt(2);
      int issuedAt = random.nextInt(4);
      float score = random.nextInt(5) - 1;
      policies.forEach(p -> p.onPrediction(target, issuedAt, expert, score));
    }

    private void insert() {
      ExpertId expert = anyExpert();
      if (resident.size() < SHAPE.slots() && resident.add(expert)) {
        policies.forEach(p -> p.onInsert(expert));
      }
    }

    private ExpertId anyExpert() {
      int layer = SHAPE.layers().get(random.nextInt(SHAPE.layers().size()));
      return new ExpertId(layer, random.nextInt(SHAPE.experts()));
    }

    private ExpertId any() {
      return List.copyOf(resident).get(random.nextInt(resident.size()));
    }

    private void evict(ExpertId expert) {
      resident.remove(expert);
      policies.forEach(p -> p.onEvict(expert));
    }

    private ExpertId victim() {
      TreeSet<ExpertId> candidates = new TreeSet<>();
      while (candidates.isEmpty()) {
        resident.stream().filter(e -> random.nextBoolean()).forEach(candidates::add);
      }
      ExpertId incoming = anyExpert();
      candidates.remove(incoming);
      if (candidates.isEmpty()) {
        return any();
      }
      ExpertId willingly = policies.get(0).victim(incoming, candidates, false);
      ExpertId victim = Objects.requireNonNull(policies.get(0).victim(incoming, candidates, true));
      assertThat(candidates).contains(victim);
      if (willingly != null) {
        assertThat(willingly).isEqualTo(victim);
      }
      for (CachePolicy policy : policies) {
        assertThat(policy.victim(incoming, candidates, false)).isEqualTo(willingly);
        assertThat(policy.victim(incoming, candidates, true)).isEqualTo(victim);
      }
      victims++;
      return victim;
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyVictimIsACandidateAndTheSameCallsGiveTheSameVictims(String name) {
    for (long seed = 0; seed < 5; seed++) {
      Calls calls = new Calls(seed, named(name), named(name));
      calls.make(CALLS);
      assertThat(calls.victims).isGreaterThan(CALLS / 20);
      assertThat(calls.policies.get(0).snapshot()).isEqualTo(calls.policies.get(1).snapshot());
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void aRestoredPolicyGoesOnAsTheOneItWasTakenFrom(String name) {
    for (long seed = 0; seed < 5; seed++) {
      CachePolicy first = named(name);
      Calls calls = new Calls(seed, first);
      calls.make(CALLS / 2);
      CachePolicy second = named(name);
      new Calls(seed + 100, second).make(100); // what it knew is forgotten
      second.restore(first.snapshot(), calls.resident);
      assertThat(second.snapshot()).isEqualTo(first.snapshot());
      calls.policies.add(second);
      calls.make(CALLS / 2);
      assertThat(second.snapshot()).isEqualTo(first.snapshot());
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void aPolicyRestoredIntoAnotherWindowKnowsWhatIsThere(String name) {
    CachePolicy first = named(name);
    Calls before = new Calls(1, first);
    before.make(CALLS);
    for (int kept : new int[] {0, 5}) {
      CachePolicy second = named(name);
      Calls after = new Calls(2, second);
      before.resident.stream().skip(3).limit(kept).forEach(after.resident::add);
      if (kept > 0) {
        SHAPE.layers().forEach(layer -> after.resident.add(new ExpertId(layer, 7)));
      }
      second.restore(first.snapshot(), after.resident);
      after.make(CALLS);
      assertThat(after.victims).isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void aSnapshotThatDoesNotFitIsRefusedAndChangesNothing(String name) {
    CachePolicy policy = named(name);
    new Calls(3, policy).make(CALLS);
    byte[] good = policy.snapshot();
    CacheShape larger = new CacheShape(SHAPE.layers(), SHAPE.experts(), SHAPE.slots() + 1);
    CachePolicy elsewhere = CachePolicies.named(name, larger);
    if (good.length == 0) {
      assertThatThrownBy(() -> policy.restore(new byte[] {1}, List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("remembers nothing");
      return;
    }
    byte[] damaged = good.clone();
    damaged[good.length / 2] ^= 4;
    refused(policy, damaged, "is damaged: expected checksum");
    refused(policy, Arrays.copyOf(good, good.length - 9), "is damaged");
    refused(policy, new byte[3], "is damaged: it has only 3 bytes");
    refused(policy, elsewhere.snapshot(), "slots=12]");
    String other = name.equals("classic.lru") ? "classic.lfu" : "classic.lru";
    refused(policy, named(other).snapshot(), "found '" + other + "' version 1");
  }

  private static void refused(CachePolicy policy, byte[] snapshot, String reason) {
    byte[] before = policy.snapshot();
    assertThatThrownBy(() -> policy.restore(snapshot, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
    assertThat(policy.snapshot()).isEqualTo(before);
  }

  /** Half of the experts are used, then the other half: hits come back. */
  @ParameterizedTest
  @MethodSource("names")
  void anotherDomainIsLearntAsWellAsTheFirst(String name) {
    CacheShape shape = CacheShape.of(4, 16, 24);
    EventWindow window = new EventWindow(CachePolicies.named(name, shape), shape);
    Random random = new Random(7);
    long[] hits = new long[2];
    for (int domain = 0; domain < 2; domain++) {
      for (int step = 0; step < 300; step++) {
        if (step == 200) {
          window.hits = 0;
        }
        for (int layer = 0; layer < 4; layer++) {
          int[] experts = Traces.skewed(random, 8, 2);
          for (int i = 0; i < 2; i++) {
            experts[i] += 8 * domain;
          }
          window.demand(300L * domain + step, layer, experts);
        }
      }
      hits[domain] = window.hits;
    }
    boolean keeps = CachePolicies.named(name, shape).keepsUsed();
    assertThat(hits[0]).isGreaterThanOrEqualTo(keeps ? 400 : 0); // of 800
    // whole shallow layers keep what nobody uses any more
    int percent = name.equals("fate.arc") ? 60 : 90;
    assertThat(hits[1]).isGreaterThanOrEqualTo(hits[0] * percent / 100);
  }
}
