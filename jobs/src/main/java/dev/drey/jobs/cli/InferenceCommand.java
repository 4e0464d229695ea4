package dev.drey.jobs.cli;

import dev.drey.jobs.options.KafkaSettings;
import dev.drey.jobs.run.ClusterRun;
import dev.drey.jobs.run.EngineCheck;
import dev.drey.jobs.run.EnginePipeline;
import dev.drey.jobs.run.FileRun;
import dev.drey.jobs.run.ModelIdentity;
import dev.drey.jobs.run.RunRequest;
import dev.drey.jobs.run.RunSummary;
import dev.drey.jobs.run.SlotProbe;
import dev.drey.jobs.run.SummaryJson;
import dev.drey.jobs.run.TopicRun;
import dev.drey.jobs.topology.RecordPipeline;
import dev.drey.schemas.format.WireFormat;
import java.time.LocalDate;

/** What generate and score share: pick where to run, run, report. */
final class InferenceCommand {
  private final RunRequest request;
  private final Invocation invocation;

  InferenceCommand(String name, boolean fresh, Invocation invocation) {
    this.request = new RunRequest(name, invocation.settings(), fresh);
    this.invocation = invocation;
  }

  int run() throws Exception {
    request.validate();
    ProgressLine progress = new ProgressLine(invocation.console());
    if (ClusterRun.isOnCluster()) {
      new ClusterRun(request, this::pipeline, progress).run();
      return ExitCode.DONE;
    }
    ModelIdentity model = ModelIdentity.read(request.model());
    EngineCheck.here(request.settings());
    RunSummary summary =
        request.usesTopics()
            ? new TopicRun(
                    request, model, pipeline(EnginePipeline.today()), new SlotProbe(), progress)
                .run(-1)
            : new FileRun(request, model, this::pipeline, new SlotProbe(), progress).run();
    report(summary, invocation);
    return summary.isComplete() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private RecordPipeline pipeline(LocalDate started) {
    WireFormat format =
        request.usesTopics()
            ? WireFormat.named(KafkaSettings.FORMAT.in(request.settings()))
            : WireFormat.JSON;
    return EnginePipeline.of(request.settings(), format, request.usesTopics(), started);
  }

  /** Prints a summary as the user wants it. */
  static void report(RunSummary summary, Invocation invocation) {
    if (invocation.json()) {
      invocation.console().out().println(SummaryJson.write(summary, invocation.settings()));
    } else {
      invocation.console().out().print(SummaryTable.text(summary));
    }
    invocation.console().out().flush();
  }
}
