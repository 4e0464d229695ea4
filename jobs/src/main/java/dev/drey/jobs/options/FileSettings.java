package dev.drey.jobs.options;

import static dev.drey.jobs.options.Section.FILES;
import static org.apache.flink.configuration.ConfigOptions.key;

import java.util.List;

/** Settings of JSON-lines files in and out. */
public final class FileSettings {
  /** What is read. */
  public static final Setting<List<String>> INPUT =
      Setting.of(
              FILES,
              key("drey.input.path").stringType().asList().noDefaultValue(),
              Check.any(),
              "JSON-lines file, or directory of *.jsonl files read in the order of their names;"
                  + " several are separated by semicolons. Every line is one record.")
          .flag("--input", "FILE|DIR");

  /** Where results go. */
  public static final Setting<String> OUTPUT =
      Setting.of(
              FILES,
              key("drey.output.path").stringType().noDefaultValue(),
              Check.any(),
              "Directory that gets results.jsonl, dead-letters.jsonl and manifest.json, each whole"
                  + " or not at all.")
          .flag("--output", "DIR");

  /** Bound on a line. */
  public static final Setting<Integer> MAX_LINE_BYTES =
      Setting.of(
          FILES,
          key("drey.input.max-line-bytes").intType().defaultValue(16 << 20),
          Check.between(1024, 1 << 30),
          "Bytes of a line that are kept; a longer line is cut there and becomes a dead letter.");

  /** Lines handed to a replica at once. */
  public static final Setting<Integer> LINES_PER_SPLIT =
      Setting.of(
          FILES,
          key("drey.input.lines-per-split").intType().defaultValue(64),
          Check.between(1, 1 << 20),
          "Lines handed to a replica at once; replicas ask for more as they finish.");

  private FileSettings() {}

  static List<Setting<?>> all() {
    return List.of(INPUT, OUTPUT, MAX_LINE_BYTES, LINES_PER_SPLIT);
  }
}
