package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Calls a policy in few words: experts are written as layer and index. */
final class PolicyRig {
  final CachePolicy policy;
  private long step;

  PolicyRig(CachePolicy policy) {
    this.policy = policy;
  }

  static ExpertId id(int layer, int expert) {
    return new ExpertId(layer, expert);
  }

  void insert(int layer, int... experts) {
    EventWindow.ids(layer, experts).forEach(policy::onInsert);
  }

  void evict(int layer, int expert) {
    policy.onEvict(id(layer, expert));
  }

  /** The next pass begins. */
  void nextPass() {
    step++;
  }

  /** Demands experts, each chosen by one token. */
  void demand(int layer, int... experts) {
    int[] tokens = new int[experts.length];
    Arrays.fill(tokens, 1);
    demand(layer, experts, tokens);
  }

  void demand(int layer, int[] experts, int[] tokens) {
    policy.onDemand(step, layer, EventWindow.ids(layer, experts), tokens);
  }

  void predict(int issuedAtLayer, int layer, int expert, float score) {
    policy.onPrediction(step, issuedAtLayer, id(layer, expert), score);
  }

  /** The victim among some experts, for an expert of the first layer that is none of them. */
  ExpertId victim(ExpertId... candidates) {
    return victimFor(0, candidates);
  }

  /** The victim that makes room for an expert of a layer. */
  ExpertId victimFor(int layer, ExpertId... candidates) {
    return Objects.requireNonNull(policy.victim(id(layer, 3), List.of(candidates), true));
  }

  /** Whether a candidate is spared if an expert of a layer comes. */
  boolean spares(ExpertId candidate, int layer) {
    return policy.victim(id(layer, 3), List.of(candidate), false) == null;
  }

  /** All of some experts in the order in which they are evicted, each told to the policy. */
  List<ExpertId> order(ExpertId... experts) {
    List<ExpertId> left = new ArrayList<>(List.of(experts));
    List<ExpertId> order = new ArrayList<>();
    while (!left.isEmpty()) {
      ExpertId victim = Objects.requireNonNull(policy.victim(id(0, 3), left, true));
      left.remove(victim);
      policy.onEvict(victim);
      order.add(victim);
    }
    return order;
  }
}
