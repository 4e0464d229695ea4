package dev.drey.runtime.schedule;

import java.util.Set;

/**
 * What the model itself says about sequences.
 *
 * @param vocabulary number of token ids
 * @param maxPositions longest supported sequence, in tokens
 * @param endTokens ids with which the model ends a text
 */
public record ModelLimits(int vocabulary, int maxPositions, Set<Integer> endTokens) {
  public ModelLimits {
    endTokens = Set.copyOf(endTokens);
  }
}
