package dev.drey.runtime.bench;

/**
 * A group whose size is known.
 *
 * @param asked what was asked for
 * @param sequences sequences computed together
 * @param stepTokens most rows of one step
 */
public record SizedGroup(Group asked, int sequences, int stepTokens) {
  private static final int KV_BLOCK_TOKENS = 64;

  public SizedGroup {
    if (sequences < 1 || stepTokens < sequences) {
      throw new IllegalArgumentException(
          "a group of %d sequences needs steps of at least as many rows, found %d"
              .formatted(sequences, stepTokens));
    }
  }

  /**
   * A group of a number of sequences, with the benchmark's steps.
   *
   * @throws IllegalArgumentException if the planner has to choose
   */
  public static SizedGroup fixed(Group group, BenchOptions options) {
    if (group.isPlanned()) {
      throw new IllegalArgumentException("group auto has no size before it is planned");
    }
    return new SizedGroup(group, group.sequences(), options.stepTokens());
  }

  /** Steps it takes at most to read all prompts, while those that were read decode already. */
  int prefillSteps(BenchOptions options) {
    int room = Math.max(1, stepTokens - sequences);
    return (sequences * options.promptTokens() + room - 1) / room + 1;
  }

  /** Longest sequence of any phase, with the steps in which others are still prefilled. */
  private int contextTokens(BenchOptions options) {
    return options.promptTokens() + 1 + options.maxTokens() + prefillSteps(options);
  }

  /** Tokens the key/value pool must hold so that nothing is ever preempted. */
  public int kvTokens(BenchOptions options) {
    return sequences * (contextTokens(options) / KV_BLOCK_TOKENS + 1) * KV_BLOCK_TOKENS;
  }
}
