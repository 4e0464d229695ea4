package dev.drey.jobs.run;

import dev.drey.jobs.options.EngineSettings;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import java.nio.file.Files;
import org.apache.flink.configuration.Configuration;

/**
 * Refuses memory in which no engine can work, and a predictor that no engine can use, before a job
 * is submitted. Sizes follow from the headers of the model's files, so no weights are read. Each
 * slot checks again when it opens.
 */
public final class EngineCheck {
  private EngineCheck() {}

  /**
   * Plans the engines of a run in this process.
   *
   * @throws dev.drey.runtime.plan.InsufficientMemoryException naming the bytes that would do
   * @throws dev.drey.runtime.safetensors.ModelFileException if the model cannot be used
   * @throws dev.drey.runtime.predict.PredictorRefusedException if the predictor cannot be used
   */
  public static void here(Configuration settings) {
    MoeEngine.plan(EngineSettings.engine(settings));
  }

  /**
   * The same for engines that other machines will open. Whoever submits need not have the model or
   * the device; what cannot be told here is said and left to the slots.
   */
  static void forCluster(Configuration settings, Progress progress) {
    EngineConfig engine = EngineSettings.engine(settings);
    if (!Files.isDirectory(engine.modelDirectory())) {
      progress.note(
          "%s is not on this machine: the slots will check memory and model when they open"
              .formatted(engine.modelDirectory()));
      return;
    }
    try {
      MoeEngine.plan(engine);
    } catch (IllegalStateException unusable) {
      progress.note(
          "the slots will check memory when they open, for this machine cannot: "
              + unusable.getMessage());
    }
  }
}
