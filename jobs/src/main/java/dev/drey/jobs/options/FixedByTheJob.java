package dev.drey.jobs.options;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.configuration.Configuration;

/** Flink settings the pipeline depends on: the job sets them and refuses other values. */
public final class FixedByTheJob {
  private record Fixed(String key, String value, String reason) {}

  private static final List<Fixed> ALL =
      List.of(
          new Fixed(
              "execution.runtime-mode",
              "STREAMING",
              "a batch run takes no checkpoints and would repeat a replica from its beginning"),
          new Fixed(
              "pipeline.object-reuse", "true", "steps are handed on by reference, never copied"),
          new Fixed(
              "pipeline.operator-chaining.enabled",
              "true",
              "source, head, stages and sampler must be one task"),
          new Fixed(
              "pipeline.auto-generate-uids",
              "false",
              "state must find its operator after every change of the job"),
          new Fixed(
              "pipeline.generic-types", "false", "every record type brings its own serializer"),
          new Fixed(
              "execution.checkpointing.mode",
              "EXACTLY_ONCE",
              "every input record gets exactly one outcome"),
          new Fixed(
              "execution.checkpointing.unaligned.enabled",
              "false",
              "predictions in flight must not come back after a restart"));

  private FixedByTheJob() {}

  /** Sets every one of them. */
  public static void apply(Configuration configuration) {
    ALL.forEach(f -> configuration.setString(f.key(), f.value()));
  }

  /** What {@code given} sets otherwise, with the reason why it cannot be. */
  static List<String> problems(Map<String, String> given) {
    List<String> problems = new ArrayList<>();
    for (Fixed f : ALL) {
      String value = given.get(f.key());
      if (value != null
          && !value.toLowerCase(Locale.ROOT).equals(f.value().toLowerCase(Locale.ROOT))) {
        problems.add(
            "%s: the job sets it to %s and cannot work with %s: %s; remove it"
                .formatted(f.key(), f.value(), value, f.reason()));
      }
    }
    return problems;
  }
}
