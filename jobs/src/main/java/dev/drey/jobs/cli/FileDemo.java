package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.options.FileSettings;
import dev.drey.jobs.run.EngineCheck;
import dev.drey.jobs.run.EnginePipeline;
import dev.drey.jobs.run.FileRun;
import dev.drey.jobs.run.ModelIdentity;
import dev.drey.jobs.run.RunRequest;
import dev.drey.jobs.run.RunSummary;
import dev.drey.jobs.run.SlotProbe;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.format.WireFormat;
import dev.drey.schemas.serde.RecordCodec;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;

/** The demo from file to file. */
final class FileDemo {
  private final Invocation invocation;
  private final Path workplace;
  private final Path results;

  FileDemo(Invocation invocation, Path workplace, Path results) {
    this.invocation = invocation;
    this.workplace = workplace;
    this.results = results;
  }

  int run(List<byte[]> prompts) throws Exception {
    ByteArrayOutputStream input = new ByteArrayOutputStream();
    for (byte[] line : prompts) {
      input.write(line);
      input.write('\n');
    }
    Path file = Files.write(workplace.resolve("prompts.jsonl"), input.toByteArray());
    Configuration settings = new Configuration(invocation.settings());
    settings.set(FileSettings.INPUT.option(), List.of(file.toString()));
    settings.set(FileSettings.OUTPUT.option(), results.toString());
    RunRequest request = new RunRequest("demo", settings, true);
    request.validate();
    ModelIdentity model = ModelIdentity.read(request.model());
    EngineCheck.here(settings);
    RunSummary summary =
        new FileRun(
                request,
                model,
                started -> EnginePipeline.of(settings, WireFormat.JSON, false, started),
                new SlotProbe(),
                new ProgressLine(invocation.console()))
            .run();
    if (!invocation.json()) {
      Completions.print(prompts, first(), invocation.console().out());
    }
    InferenceCommand.report(summary, invocation);
    return summary.isComplete() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private List<InferenceResult> first() throws Exception {
    RecordCodec<InferenceResult> codec = WireFormat.JSON.results(WireFormat.DEFAULT_MAX_BYTES);
    List<InferenceResult> first = new ArrayList<>();
    for (String line : Files.readAllLines(results.resolve(ResultJoin.RESULTS))) {
      if (first.size() < Completions.SHOWN) {
        first.add(codec.decode(line.getBytes(UTF_8)));
      }
    }
    return first;
  }
}
