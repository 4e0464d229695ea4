package dev.drey.jobs.run;

import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.FileSettings;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.KafkaSettings;
import dev.drey.jobs.options.Setting;
import dev.drey.jobs.options.Validator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;

/**
 * What somebody asked to run.
 *
 * @param command name of the command
 * @param settings all settings
 * @param fresh whether to forget what an earlier, killed run of the same meaning has done
 */
public record RunRequest(String command, Configuration settings, boolean fresh) {
  private static final List<Setting<?>> RESULTS_DEPEND_ON =
      List.of(
          EngineSettings.DEVICE,
          EngineSettings.COMPUTE,
          JobSettings.SEED,
          JobSettings.MAX_TOKENS,
          JobSettings.DEFAULT_MAX_TOKENS,
          JobSettings.DATE,
          JobSettings.MAX_RECORD_BYTES,
          JobSettings.MAX_PROMPT_BYTES,
          JobSettings.MODEL_NAMES);

  /**
   * Refuses what cannot be run.
   *
   * @throws dev.drey.jobs.options.RefusedException naming everything that is wrong
   */
  public void validate() {
    List<Setting<?>> required = new ArrayList<>(List.of(EngineSettings.MODEL));
    if (usesTopics()) {
      required.addAll(
          List.of(
              KafkaSettings.BOOTSTRAP,
              KafkaSettings.INPUT_TOPIC,
              KafkaSettings.OUTPUT_TOPIC,
              KafkaSettings.DEAD_LETTER_TOPIC));
    } else {
      required.addAll(List.of(FileSettings.INPUT, FileSettings.OUTPUT));
    }
    Validator.check(settings, required);
  }

  /** Whether records come from topics rather than files. */
  public boolean usesTopics() {
    return settings.contains(KafkaSettings.BOOTSTRAP.option());
  }

  /** The model's directory. */
  public Path model() {
    return Path.of(EngineSettings.MODEL.in(settings));
  }

  /** Name of the job. */
  public String jobName() {
    return JobSettings.NAME
        .find(settings)
        .orElseGet(
            () -> "drey " + command + " " + model().toAbsolutePath().normalize().getFileName());
  }

  /** What results depend on besides model and input, as lines of text. */
  List<String> meaning() {
    List<String> lines = new ArrayList<>(List.of("format 1", "command " + command));
    for (Setting<?> setting : RESULTS_DEPEND_ON) {
      lines.add(setting.key() + " " + setting.find(settings).map(String::valueOf).orElse(""));
    }
    return lines;
  }
}
