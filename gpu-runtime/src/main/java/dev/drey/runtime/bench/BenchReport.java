package dev.drey.runtime.bench;

import dev.drey.runtime.plan.Machine;
import java.util.List;

/**
 * Everything a benchmark found.
 *
 * @param options what was asked for
 * @param host where it ran
 * @param machine what that can do
 * @param model name, digest and numeric fingerprint
 * @param expertBytes bytes of all routed experts
 * @param results one per phase and case, in the order they ran
 */
public record BenchReport(
    BenchOptions options,
    Host host,
    Machine machine,
    Subject model,
    long expertBytes,
    List<CaseResult> results) {

  /**
   * The model.
   *
   * @param name directory's name
   * @param digest of its files' headers
   * @param fingerprint what bits depend on besides
   */
  public record Subject(String name, String digest, String fingerprint) {}

  public BenchReport {
    results = List.copyOf(results);
  }

  /** The ablations of a phase; none if none was asked for. */
  public List<Ablation> ablations(Phase phase) {
    if (!options.ablation()) {
      return List.of();
    }
    List<CaseResult> measured = results.stream().filter(result -> result.phase() == phase).toList();
    return AblationCases.of(options).stream()
        .map(cases -> Ablation.of(phase, cases, measured))
        .toList();
  }

  /** Whether all cases of a phase produced the same bits. */
  public boolean identical(Phase phase) {
    return results.stream()
            .filter(result -> result.phase() == phase)
            .map(CaseResult::outputs)
            .distinct()
            .count()
        <= 1;
  }

  /** Whether they did in every phase. */
  public boolean identical() {
    return options.phases().stream().allMatch(this::identical);
  }
}
