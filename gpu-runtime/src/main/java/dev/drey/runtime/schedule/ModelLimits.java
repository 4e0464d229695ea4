package dev.drey.runtime.schedule;

import java.util.Set;

/**
 * What the model itself says about sequences.
 *
 * @param vocabulary number of token ids
 * @param maxPositions longest supported sequence, in tokens
 * @param endTokens ids with which the model ends a text
 * @param embeddingLimits lengths of sequences beyond which all of their positions are embedded
 *     otherwise; for most models there are none
 */
public record ModelLimits(
    int vocabulary, int maxPositions, Set<Integer> endTokens, Set<Integer> embeddingLimits) {
  public ModelLimits {
    endTokens = Set.copyOf(endTokens);
    embeddingLimits = Set.copyOf(embeddingLimits);
  }

  /** For a model that embeds positions alike in sequences of any length. */
  public ModelLimits(int vocabulary, int maxPositions, Set<Integer> endTokens) {
    this(vocabulary, maxPositions, endTokens, Set.of());
  }

  /** The class of a sequence that can get so long: the embedding limits it may exceed. */
  int lengthClass(long tokens) {
    return (int) embeddingLimits.stream().filter(limit -> tokens > limit).count();
  }
}
