package dev.drey.jobs.options;

import static dev.drey.jobs.options.Section.ENGINE;
import static org.apache.flink.configuration.ConfigOptions.key;

import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.plan.Workload;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;

/** Settings of the planner, which chooses how many sequences are computed together. */
public final class PlanSettings {
  private static final String FIXED = "fixed";
  private static final String AUTO = "auto";

  /** Whether the engine plans. */
  public static final Setting<String> GROUP =
      Setting.of(
              ENGINE,
              key("drey.plan.group").stringType().defaultValue(FIXED),
              Check.oneOf(FIXED, AUTO),
              "fixed: the limits below drey.schedule and drey.memory apply as they are. auto: each"
                  + " slot measures its machine once and splits drey.memory.device itself: sequences"
                  + " and tokens per step, key/value pool, expert window, cache policy. It needs"
                  + " drey.memory.device; what it chooses must not be set, not even to its default"
                  + " (docs/planning.md).")
          .flag("--group", "fixed|auto");

  /** How long prompts are. */
  public static final Setting<Integer> PROMPT_TOKENS =
      Setting.of(
          ENGINE,
          key("drey.plan.prompt-tokens").intType().defaultValue(256),
          Check.atLeast(1),
          "Tokens of a usual prompt, for planning; longer and shorter ones are served all the same.");

  /** How much is generated. */
  public static final Setting<Integer> MAX_TOKENS =
      Setting.of(
          ENGINE,
          key("drey.plan.max-tokens").intType().defaultValue(128),
          Check.atLeast(1),
          "Tokens usually generated for a prompt, for planning; 1 for scoring.");

  private PlanSettings() {}

  static List<Setting<?>> all() {
    return List.of(GROUP, PROMPT_TOKENS, MAX_TOKENS);
  }

  /** What records are like. */
  public static Workload workload(ReadableConfig c) {
    return new Workload(PROMPT_TOKENS.in(c), MAX_TOKENS.in(c));
  }

  /** The engine, to be planned if that is set. */
  static EngineConfig apply(EngineConfig engine, ReadableConfig c) {
    return isAuto(c) ? engine.plannedFor(workload(c)) : engine;
  }

  private static boolean isAuto(ReadableConfig c) {
    return GROUP.in(c).equals(AUTO);
  }

  /** What cannot be set beside a planned group, and what must be. */
  static List<String> problems(Configuration c) {
    List<String> problems = new ArrayList<>();
    if (!isAuto(c)) {
      return problems;
    }
    if (!c.contains(EngineSettings.DEVICE_MEMORY.option())) {
      problems.add(
          "%s: auto splits %s, which is not set"
              .formatted(GROUP.name(), EngineSettings.DEVICE_MEMORY.name()));
    }
    for (Setting<?> chosen :
        List.of(
            EngineSettings.EXPERT_MEMORY,
            EngineSettings.KV_TOKENS,
            EngineSettings.POLICY,
            EngineSettings.MAX_SEQUENCES,
            EngineSettings.MICRO_BATCH,
            EngineSettings.MAX_STEP_TOKENS,
            EngineSettings.PREFILL_CHUNK)) {
      if (c.contains(chosen.option())) {
        problems.add(
            "%s: is chosen by the planner; leave it out or set %s to fixed"
                .formatted(chosen.name(), GROUP.name()));
      }
    }
    return problems;
  }
}
