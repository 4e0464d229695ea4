package dev.drey.runtime.bench;

import dev.drey.runtime.layers.ExpertOrder;
import dev.drey.runtime.memory.MemorySize;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cases of one ablation: stages at the same window, each of which adds one thing to the one
 * before, and the same group with everything resident.
 *
 * @param window the window asked for
 * @param policy cache policy of the stages that keep experts
 * @param resident everything resident, with the group
 * @param stages from the simplest to what the engine does
 */
record AblationCases(MemorySize window, String policy, BenchCase resident, List<BenchCase> stages) {
  AblationCases {
    stages = List.copyOf(stages);
  }

  /** One for each group, window and policy. */
  static List<AblationCases> of(BenchOptions options) {
    List<AblationCases> all = new ArrayList<>();
    for (Group group : options.groups()) {
      SizedGroup sized = SizedGroup.fixed(group, options);
      for (MemorySize window : options.expertMemory()) {
        if (window.percent() != 100) {
          options.policies().forEach(policy -> all.add(of(sized, window, policy, options)));
        }
      }
    }
    return all;
  }

  private static AblationCases of(
      SizedGroup group, MemorySize window, String policy, BenchOptions options) {
    String grouped = BenchCase.grouped(group, options);
    String named = BenchCase.named(policy, options) + grouped;
    SizedGroup single = SizedGroup.fixed(new Group(1), options);
    BenchCase onDemand =
        BenchCase.onDemand("+ groups" + grouped, group, window, window)
            .withOrder(ExpertOrder.TOGETHER);
    BenchCase prefetch =
        BenchCase.prefetching("+ prefetch" + named, group, window, window, policy)
            .withOrder(ExpertOrder.TOGETHER);
    return new AblationCases(
        window,
        policy,
        BenchCase.resident(group, options),
        List.of(
            BenchCase.onDemand("simple", single, window, window).withOrder(ExpertOrder.TOGETHER),
            onDemand,
            prefetch,
            BenchCase.prefetching("+ order" + named, group, window, window, policy)));
  }

  Stream<BenchCase> all() {
    return Stream.concat(Stream.of(resident), stages.stream());
  }
}
