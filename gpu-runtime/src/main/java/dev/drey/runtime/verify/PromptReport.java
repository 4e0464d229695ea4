package dev.drey.runtime.verify;

import java.util.List;

/**
 * What was found for one prompt, continuation or likelihood.
 *
 * @param name which
 * @param logitDifference largest absolute difference of its logits; 0 if none are compared
 * @param weightDifference largest absolute difference of router weights of agreeing choices
 * @param logprobDifference absolute difference of its summed log-probability; 0 if not compared
 * @param routingDifferences choices of experts that differ
 * @param tokenDifferences positions whose likeliest token differs
 * @param failures what exceeds the tolerances, in words
 */
public record PromptReport(
    String name,
    double logitDifference,
    double weightDifference,
    double logprobDifference,
    int routingDifferences,
    int tokenDifferences,
    List<String> failures) {
  public PromptReport {
    failures = List.copyOf(failures);
  }
}
