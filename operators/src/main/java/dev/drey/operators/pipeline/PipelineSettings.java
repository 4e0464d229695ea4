package dev.drey.operators.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The Flink settings a replica depends on. */
public final class PipelineSettings {
  private record Fixed<T>(ConfigOption<T> option, T value, String reason) {
    void set(Configuration configuration) {
      configuration.set(option, value);
    }

    void check(ReadableConfig given, List<String> conflicts) {
      T found = given.getOptional(option).orElse(value);
      if (!found.equals(value)) {
        conflicts.add(
            "%s: expected %s, found %s: %s; remove it"
                .formatted(option.key(), value, found, reason));
      }
    }
  }

  private static final List<Fixed<?>> FIXED =
      List.of(
          new Fixed<>(
              ExecutionOptions.RUNTIME_MODE,
              RuntimeExecutionMode.STREAMING,
              "batch mode takes no checkpoints and cuts the source off the head; bounded input"
                  + " works in streaming mode"),
          new Fixed<>(
              PipelineOptions.OBJECT_REUSE,
              true,
              "a step is handed through the chain by reference and cannot be copied"),
          new Fixed<>(
              PipelineOptions.OPERATOR_CHAINING,
              true,
              "source, head, stages and sampler must share one task"),
          new Fixed<>(
              PipelineOptions.AUTO_GENERATE_UIDS,
              false,
              "state must find its operator again after the job was changed"),
          new Fixed<>(
              PipelineOptions.GENERIC_TYPES,
              false,
              "every type brings its own serializer; a generic one hides a mistake"),
          new Fixed<>(
              CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE,
              CheckpointingMode.EXACTLY_ONCE,
              "each input record has exactly one outcome"),
          new Fixed<>(
              CheckpointingOptions.ENABLE_UNALIGNED,
              false,
              "predictions on their way would come back after a restart, and there is no"
                  + " backpressure to overtake"));

  private PipelineSettings() {}

  /**
   * Sets them.
   *
   * @throws IllegalArgumentException if any is explicitly set otherwise; names all of them
   */
  public static void apply(StreamExecutionEnvironment environment) {
    List<String> conflicts = conflicts(environment.getConfiguration());
    if (!conflicts.isEmpty()) {
      throw new IllegalArgumentException(
          "the job is configured in a way it cannot work with: " + String.join("; ", conflicts));
    }
    Configuration fixed = new Configuration();
    FIXED.forEach(setting -> setting.set(fixed));
    environment.configure(fixed, PipelineSettings.class.getClassLoader());
  }

  /** The settings in a configuration that the pipeline cannot work with, with the reasons. */
  public static List<String> conflicts(ReadableConfig configuration) {
    List<String> conflicts = new ArrayList<>();
    FIXED.forEach(setting -> setting.check(configuration, conflicts));
    return conflicts;
  }
}
