package dev.drey.runtime.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What each part of the pipeline is worth, after the ablation of Klotski (arXiv 2502.06888): one
 * sequence at a time, whose experts are loaded on demand and computed once a layer's are all there;
 * then groups of sequences; then predicted experts loaded ahead, and experts kept as the cache
 * policy says; then each expert computed as it becomes ready. All stages have the same window.
 *
 * @param phase what was measured
 * @param window the window asked for
 * @param group sequences computed together, from the second stage on
 * @param policy cache policy, from the third stage on
 * @param stages in this order
 */
public record Ablation(Phase phase, String window, int group, String policy, List<Stage> stages) {

  /**
   * A stage.
   *
   * @param name the case
   * @param tokensPerSecond the median
   * @param overPrevious that, as a multiple of the stage before; 1 for the first
   * @param overSimple that, as a multiple of the first stage
   * @param overlap of the stages that prefetch; null for the others
   */
  public record Stage(
      String name,
      double tokensPerSecond,
      double overPrevious,
      double overSimple,
      @Nullable OverlapGain overlap) {}

  /** Stage in which the group's experts are brought in without any overlap. */
  private static final int ON_DEMAND = 1;

  public Ablation {
    stages = List.copyOf(stages);
  }

  /** Reads an ablation out of the results of its phase. */
  static Ablation of(Phase phase, AblationCases cases, List<CaseResult> results) {
    CaseResult resident = find(cases.resident(), results);
    List<CaseResult> measured = cases.stages().stream().map(setup -> find(setup, results)).toList();
    List<Stage> stages = new ArrayList<>();
    double simple = measured.get(0).tokensPerSecond().median();
    double previous = simple;
    for (CaseResult result : measured) {
      double speed = result.tokensPerSecond().median();
      OverlapGain overlap =
          stages.size() > ON_DEMAND
              ? OverlapGain.of(result, measured.get(ON_DEMAND), resident)
              : null;
      stages.add(new Stage(result.name(), speed, speed / previous, speed / simple, overlap));
      previous = speed;
    }
    return new Ablation(
        phase,
        BenchCase.label(cases.window()),
        cases.resident().group().sequences(),
        cases.policy(),
        stages);
  }

  private static CaseResult find(BenchCase setup, List<CaseResult> results) {
    return results.stream()
        .filter(result -> result.name().equals(setup.name()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no result of case '" + setup.name() + "'"));
  }

  /** Whether no stage is slower than the one before. */
  public boolean monotone() {
    return stages.stream().allMatch(stage -> stage.overPrevious() >= 1);
  }
}
