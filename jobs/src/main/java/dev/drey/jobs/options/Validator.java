package dev.drey.jobs.options;

import dev.drey.operators.pipeline.PipelineSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;

/**
 * Looks at a whole configuration and reports everything that is wrong with it at once: keys that do
 * not exist, values of the wrong type or outside their range, values that do not fit each other,
 * Flink settings the job cannot work with.
 */
public final class Validator {
  private Validator() {}

  /**
   * Refuses a configuration with any problem.
   *
   * @throws RefusedException naming all of them
   */
  public static void check(Configuration configuration, Collection<Setting<?>> required) {
    List<String> problems = problems(configuration, required);
    if (!problems.isEmpty()) {
      throw new RefusedException(problems);
    }
  }

  /** Everything that is wrong, in a stable order; empty if nothing is. */
  public static List<String> problems(
      Configuration configuration, Collection<Setting<?>> required) {
    Map<String, String> given = new TreeMap<>(configuration.toMap());
    List<String> problems = new ArrayList<>(unknownKeys(given));
    boolean sound = true;
    for (Setting<?> setting : Settings.all()) {
      Optional<String> problem = valueProblem(setting, configuration);
      sound &= problem.isEmpty();
      problem.ifPresent(p -> problems.add(setting.name() + ": " + p));
    }
    for (Setting<?> setting : required) {
      if (!given.containsKey(setting.key()) && !setting.option().hasDefaultValue()) {
        problems.add(setting.name() + ": is needed and not set. " + setting.description());
      }
    }
    problems.addAll(flinkConflicts(configuration));
    if (sound) {
      problems.addAll(relations(configuration));
    }
    return problems;
  }

  private static List<String> flinkConflicts(Configuration configuration) {
    try {
      return PipelineSettings.conflicts(configuration);
    } catch (IllegalArgumentException e) {
      return List.of(rootMessage(e));
    }
  }

  private static List<String> unknownKeys(Map<String, String> given) {
    List<String> known = Settings.all().stream().map(Setting::key).collect(Collectors.toList());
    List<String> problems = new ArrayList<>();
    for (String key : given.keySet()) {
      if (key.startsWith(Settings.PREFIX)
          && !key.startsWith(KafkaSettings.PROPERTIES_PREFIX)
          && !known.contains(key)) {
        String meant =
            NearestName.of(key, known)
                .map(name -> "; did you mean " + name + "?")
                .orElse("; docs/configuration.md lists all");
        problems.add(key + ": there is no such setting" + meant);
      }
    }
    return problems;
  }

  private static <T> Optional<String> valueProblem(Setting<T> setting, Configuration c) {
    Optional<T> value;
    try {
      value = c.getOptional(setting.option());
    } catch (IllegalArgumentException e) {
      String text = c.toMap().get(setting.key());
      return Optional.of(
          "cannot read '%s': %s".formatted(text, rootMessage(e)).replaceAll("\\s+", " ").strip());
    }
    return value.flatMap(v -> setting.check().problem(v));
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private static List<String> relations(Configuration c) {
    List<String> problems = new ArrayList<>();
    boolean packed = EngineSettings.PACKED.find(c).isPresent();
    if (EngineSettings.DIRECT.in(c) && !packed) {
      problems.add(
          EngineSettings.DIRECT.name()
              + ": needs "
              + EngineSettings.PACKED.name()
              + "; tensors of a checkpoint do not begin where such reads may");
    }
    if (EngineSettings.REFUSE_NON_FINITE.in(c) && packed) {
      problems.add(
          EngineSettings.REFUSE_NON_FINITE.name()
              + ": cannot look into packed experts; give it to drey pack, and here one of the two");
    }
    String device = EngineSettings.DEVICE.in(c);
    if (EngineSettings.HOST_MEMORY.find(c).isPresent()
        && !device.equals("cuda")
        && !device.equals("auto")) {
      problems.add(
          "%s: needs %s cuda or auto, found %s, which computes in the host's memory itself; give that memory to %s"
              .formatted(
                  EngineSettings.HOST_MEMORY.name(),
                  EngineSettings.DEVICE.name(),
                  device,
                  EngineSettings.DEVICE_MEMORY.name()));
    }
    int sequences = EngineSettings.MAX_SEQUENCES.in(c);
    int rows = EngineSettings.MAX_STEP_TOKENS.in(c);
    if (rows < sequences) {
      problems.add(
          "%s: a step must hold one token of every sequence: expected at least %s = %d, found %d"
              .formatted(
                  EngineSettings.MAX_STEP_TOKENS.name(),
                  EngineSettings.MAX_SEQUENCES.name(),
                  sequences,
                  rows));
    }
    int kept = FileSettings.MAX_LINE_BYTES.in(c);
    int taken = JobSettings.MAX_RECORD_BYTES.in(c);
    if (kept <= taken) {
      problems.add(
          "%s: must be larger than %s = %d, or a cut line could pass for a whole one; found %d"
              .formatted(
                  FileSettings.MAX_LINE_BYTES.name(),
                  JobSettings.MAX_RECORD_BYTES.name(),
                  taken,
                  kept));
    }
    Duration step = EngineSettings.STEP_TIME.in(c);
    Duration interval = JobSettings.CHECKPOINT_INTERVAL.in(c);
    if (step.multipliedBy(2).compareTo(interval) > 0) {
      problems.add(
          "%s: a checkpoint waits for the running step: expected at most half of %s = %d ms%s, found %d ms%s"
              .formatted(
                  EngineSettings.STEP_TIME.name(),
                  JobSettings.CHECKPOINT_INTERVAL.name(),
                  interval.toMillis(),
                  defaultMark(c, JobSettings.CHECKPOINT_INTERVAL),
                  step.toMillis(),
                  defaultMark(c, EngineSettings.STEP_TIME)));
    }
    int most = JobSettings.MAX_TOKENS.in(c);
    int usual = JobSettings.DEFAULT_MAX_TOKENS.find(c).orElse(1);
    if (usual > most) {
      problems.add(
          "%s: expected at most %s = %d, found %d"
              .formatted(
                  JobSettings.DEFAULT_MAX_TOKENS.name(),
                  JobSettings.MAX_TOKENS.name(),
                  most,
                  usual));
    }
    problems.addAll(PlanSettings.problems(c));
    problems.addAll(sourcesAndSinks(c));
    return problems;
  }

  private static String defaultMark(Configuration c, Setting<?> setting) {
    return c.contains(setting.option()) ? "" : " (the default)";
  }

  private static List<String> sourcesAndSinks(Configuration c) {
    boolean topics = KafkaSettings.BOOTSTRAP.find(c).isPresent();
    boolean files = FileSettings.INPUT.find(c).isPresent();
    List<String> problems = new ArrayList<>();
    if (topics && files) {
      problems.add(
          "%s and %s: records come from files or from topics, not both"
              .formatted(FileSettings.INPUT.name(), KafkaSettings.BOOTSTRAP.name()));
    }
    if (!topics) {
      for (Setting<?> s :
          List.of(
              KafkaSettings.INPUT_TOPIC,
              KafkaSettings.OUTPUT_TOPIC,
              KafkaSettings.DEAD_LETTER_TOPIC)) {
        if (c.contains(s.option())) {
          problems.add(s.name() + ": needs " + KafkaSettings.BOOTSTRAP.name());
        }
      }
    }
    return problems;
  }
}
