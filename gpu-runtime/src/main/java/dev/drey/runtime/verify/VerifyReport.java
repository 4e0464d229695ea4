package dev.drey.runtime.verify;

import dev.drey.runtime.model.ComputeType;
import java.util.ArrayList;
import java.util.List;

/**
 * The outcome of a comparison.
 *
 * @param architecture of the model
 * @param fingerprint numeric fingerprint of the device
 * @param compute compute type
 * @param prompts one entry per prompt, continuation and likelihood
 * @param meanAbs mean absolute difference of all logits
 * @param meanKl mean Kullback-Leibler divergence from the reference
 * @param argmaxAgreement share of positions with the reference's argmax
 * @param routingFlips choices of experts that differ
 * @param routingDecisions choices compared
 * @param averageFailures averages that exceed the tolerances, in words
 */
public record VerifyReport(
    String architecture,
    String fingerprint,
    ComputeType compute,
    List<PromptReport> prompts,
    double meanAbs,
    double meanKl,
    double argmaxAgreement,
    int routingFlips,
    int routingDecisions,
    List<String> averageFailures) {
  public VerifyReport {
    prompts = List.copyOf(prompts);
    averageFailures = List.copyOf(averageFailures);
  }

  /** Everything that exceeds the tolerances. */
  public List<String> failures() {
    List<String> all = new ArrayList<>();
    for (PromptReport prompt : prompts) {
      prompt.failures().forEach(failure -> all.add(prompt.name() + ": " + failure));
    }
    all.addAll(averageFailures);
    return all;
  }

  /** Whether the model agrees with the reference. */
  public boolean passed() {
    return failures().isEmpty();
  }

  /** Largest absolute difference of any logit. */
  public double largestLogitDifference() {
    return prompts.stream().mapToDouble(PromptReport::logitDifference).max().orElse(0);
  }
}
