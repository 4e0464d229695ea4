package dev.drey.jobs.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.files.InputFile;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.options.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a run from files on a cluster leaves beside its parts, so that they can be joined by
 * somebody who has waited for the job in another process.
 *
 * @param command what was run
 * @param model name of the model
 * @param inputs its input files, in order, as they were
 * @param settings all settings, secrets masked
 * @param started the day, in UTC, on which the run was first started
 */
record SubmittedRun(
    String command,
    String model,
    List<InputFile> inputs,
    Map<String, String> settings,
    @Nullable String started) {
  /** Its name in the folder of the parts; the join passes over names that begin so. */
  static final String FILE = "_run.json";

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  SubmittedRun {
    inputs = List.copyOf(inputs);
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
  }

  static SubmittedRun of(RunRequest request, List<InputFile> inputs, LocalDate started) {
    return new SubmittedRun(
        request.command(),
        String.valueOf(request.model().getFileName()),
        inputs,
        Secrets.masked(request.settings()),
        started.toString());
  }

  void write(PartsFolder parts) throws IOException {
    AtomicFile.write(parts.path().resolve(FILE), MAPPER.writeValueAsBytes(this));
  }

  /** The day on which the run was first started whose parts lie in a folder, if one was. */
  static Optional<LocalDate> started(PartsFolder parts) throws IOException {
    return Files.isRegularFile(parts.path().resolve(FILE))
        ? Optional.ofNullable(read(parts).started()).map(LocalDate::parse)
        : Optional.empty();
  }

  /**
   * The run whose parts lie in a folder.
   *
   * @throws RefusedException if there is none
   */
  static SubmittedRun read(PartsFolder parts) throws IOException {
    Path file = parts.path().resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new RefusedException(
          "%s: there is no such file, so no run on a cluster has left outcomes to join here"
              .formatted(file));
    }
    try {
      return MAPPER.readValue(Files.readAllBytes(file), SubmittedRun.class);
    } catch (JsonProcessingException e) {
      throw new RefusedException(
          "%s: not what a run writes there: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }

  /** What is known of the run without having watched it, for manifest.json. */
  byte[] manifest(ResultJoin.Counts joined) throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("command", command);
    root.put("model", model);
    root.put("complete", true);
    ObjectNode records = root.putObject("records");
    records.put("in", joined.records());
    records.put("results", joined.results());
    records.put("dead_letters", joined.deadLetters());
    ObjectNode set = root.putObject("settings");
    settings.forEach(set::put);
    return MAPPER.writeValueAsBytes(root);
  }
}
