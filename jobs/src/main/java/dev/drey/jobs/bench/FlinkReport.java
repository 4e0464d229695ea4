package dev.drey.jobs.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.bench.Spread;
import java.util.List;
import java.util.Locale;

/**
 * What the comparison found.
 *
 * @param expertMemory the residency window
 * @param records records per run
 * @param tokens tokens computed per run, prompts included
 * @param bareSteps steps in which the bare engine computed them, in the first pair
 * @param flinkSteps steps of the job
 * @param bare tokens per second of the bare engine, over all runs
 * @param flink tokens per second of the job
 * @param ratio job over bare engine, pair by pair
 * @param betweenSteps share of the job's time spent between steps, where Flink is at work
 * @param identical whether both produced the same token ids every time
 * @param profile where the task's thread was seen, in a run of its own
 */
public record FlinkReport(
    String expertMemory,
    int records,
    long tokens,
    long bareSteps,
    long flinkSteps,
    Spread bare,
    Spread flink,
    Spread ratio,
    Spread betweenSteps,
    boolean identical,
    TaskProfile profile) {

  private static final ObjectMapper MAPPER =
      new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  /** Least share of the bare engine's speed that the job should reach. */
  public static final double LEAST_RATIO = 0.95;

  /** Share of samples in Flink it should stay below. */
  public static final double MOST_FLINK = 0.02;

  /** One side of one pair. */
  record Side(
      long steps,
      long tokens,
      double tokensPerSecond,
      double betweenSteps,
      List<List<Integer>> ids) {}

  /** Whether the job gives the same tokens, fast enough and with little time in Flink. */
  public boolean holds() {
    return identical && ratio.median() >= LEAST_RATIO && profile.flinkShare() < MOST_FLINK;
  }

  static FlinkReport of(
      String expertMemory, int records, List<Side> bare, List<Side> flink, TaskProfile profile) {
    double[] ratios = new double[bare.size()];
    boolean identical = true;
    for (int pair = 0; pair < ratios.length; pair++) {
      ratios[pair] = flink.get(pair).tokensPerSecond() / bare.get(pair).tokensPerSecond();
      identical &= flink.get(pair).ids().equals(bare.get(pair).ids());
    }
    return new FlinkReport(
        expertMemory,
        records,
        bare.get(0).tokens(),
        bare.get(0).steps(),
        flink.get(0).steps(),
        Spread.of(bare.stream().mapToDouble(Side::tokensPerSecond).toArray()),
        Spread.of(flink.stream().mapToDouble(Side::tokensPerSecond).toArray()),
        Spread.of(ratios),
        Spread.of(flink.stream().mapToDouble(Side::betweenSteps).toArray()),
        identical,
        profile);
  }

  /** For people. */
  public String text() {
    return String.format(
        Locale.ROOT,
        """
        experts in %s of their size, %d records, %d tokens computed per run, %s
          bare engine  %.1f tokens/s (%.1f-%.1f), %d steps
          Flink job    %.1f tokens/s (%.1f-%.1f), %d steps, %.2f %% of the time between them
          ratio        %.1f %% (%.1f-%.1f), should be at least %.0f %%
          profile      %d samples of the task's processor time: %.2f %% Flink (should be below %.0f %%), %.2f %% operators, %.2f %% engine
          in Flink     %s
          CPU          %s
          heap         %.1f KB per step allocated by the task's thread
        """,
        expertMemory,
        records,
        tokens,
        identical ? "same token ids" : "token ids DIFFER",
        bare.median(),
        bare.min(),
        bare.max(),
        bareSteps,
        flink.median(),
        flink.min(),
        flink.max(),
        flinkSteps,
        100 * betweenSteps.median(),
        100 * ratio.median(),
        100 * ratio.min(),
        100 * ratio.max(),
        100 * LEAST_RATIO,
        profile.samples(),
        100 * profile.flinkShare(),
        100 * MOST_FLINK,
        100 * profile.operatorShare(),
        100 * profile.engineShare(),
        profile.flinkText(),
        profile.threadText(),
        profile.allocatedPerStep() / 1e3);
  }

  /** For machines. */
  public ObjectNode json() {
    JsonNode fields = MAPPER.valueToTree(this);
    return ((ObjectNode) fields).put("flink_share", profile.flinkShare()).put("holds", holds());
  }
}
