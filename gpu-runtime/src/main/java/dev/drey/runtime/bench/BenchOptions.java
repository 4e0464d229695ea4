package dev.drey.runtime.bench;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.plan.WindowPolicy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to measure.
 *
 * @param model directory of the model
 * @param device name of the device
 * @param deviceIndex which GPU; means nothing to other devices
 * @param compute activations' type
 * @param threads compute threads
 * @param ablation instead of the usual cases, those of an {@link Ablation} in each smaller window
 * @param expertMemory residency windows to try, a percentage being one of all experts' bytes
 * @param hostMemory experts kept in host memory, the same for all cases; null for none
 * @param policies cache policies to run with prefetch, at least one
 * @param phases what to measure
 * @param sequences sequences of a round
 * @param groups how many of them are computed together, one case for each
 * @param promptTokens tokens of each prompt, at least 2
 * @param maxTokens decode steps
 * @param stepTokens most rows of one step
 * @param rounds measured rounds; one more runs before them and is not counted
 * @param linkBytesPerSecond pace of all transfers; 0 for as fast as files can be read
 * @param ioThreads I/O threads
 * @param storage where experts are read from
 * @param seed of the prompts
 */
public record BenchOptions(
    Path model,
    String device,
    int deviceIndex,
    ComputeType compute,
    int threads,
    boolean ablation,
    List<MemorySize> expertMemory,
    @Nullable MemorySize hostMemory,
    List<String> policies,
    List<Phase> phases,
    int sequences,
    List<Group> groups,
    int promptTokens,
    int maxTokens,
    int stepTokens,
    int rounds,
    long linkBytesPerSecond,
    int ioThreads,
    ExpertStorage storage,
    long seed) {

  public BenchOptions {
    expertMemory = List.copyOf(expertMemory);
    policies = List.copyOf(policies);
    phases = List.copyOf(phases);
    groups = List.copyOf(groups);
    require(!expertMemory.isEmpty(), "at least one expert memory", expertMemory.size());
    require(!policies.isEmpty(), "at least one cache policy", policies.size());
    require(
        CachePolicies.names().containsAll(policies),
        "cache policies of " + CachePolicies.names(),
        policies);
    require(!phases.isEmpty(), "at least one phase", phases.size());
    require(deviceIndex >= 0, "a GPU of index 0 or more", deviceIndex);
    require(threads >= 1, "at least 1 compute thread", threads);
    require(ioThreads >= 1, "at least 1 I/O thread", ioThreads);
    require(sequences >= 1, "at least 1 sequence", sequences);
    require(promptTokens >= 2, "prompts of at least 2 tokens", promptTokens);
    require(maxTokens >= 1, "at least 1 token to decode", maxTokens);
    require(!groups.isEmpty(), "at least one group", groups.size());
    int largest = groups.stream().mapToInt(Group::sequences).max().orElse(0);
    require(
        largest <= sequences,
        "groups of at most as many sequences as a round has (" + sequences + ")",
        largest);
    require(
        stepTokens >= largest,
        "a step of at least one row per sequence of a group (" + largest + ")",
        stepTokens);
    require(
        !groups.contains(Group.AUTO) || !plannedPolicies(policies).isEmpty(),
        "a policy the planner knows ("
            + plannedPolicies(CachePolicies.names())
            + ") for group auto",
        policies);
    require(
        !ablation || expertMemory.stream().anyMatch(window -> window.percent() != 100),
        "a window smaller than all experts for an ablation",
        expertMemory);
    require(
        !ablation || groups.stream().allMatch(group -> group.sequences() > 1),
        "groups of a number of sequences, at least 2, for an ablation",
        groups.stream().map(Group::label).toList());
    require(rounds >= 1, "at least 1 round", rounds);
    require(
        linkBytesPerSecond >= 0,
        "a link of 0 (no pace) or more bytes per second",
        linkBytesPerSecond);
  }

  /** The policies to run with prefetch that the planner has a model of. */
  List<String> plannedPolicies() {
    return plannedPolicies(policies);
  }

  private static List<String> plannedPolicies(Collection<String> policies) {
    return Arrays.stream(WindowPolicy.values())
        .map(WindowPolicy::policy)
        .filter(policies::contains)
        .toList();
  }

  private static void require(boolean holds, String rule, Object found) {
    if (!holds) {
      throw new IllegalArgumentException("a benchmark needs " + rule + ", found " + found);
    }
  }
}
