package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.report.ChromeTrace;
import dev.drey.jobs.report.ReportPage;
import dev.drey.jobs.report.TraceReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows a trace. */
@Command(
    name = "report",
    description = {
      "Turns a trace into one HTML page with charts that any browser opens, without a network.",
      "Record a trace with: drey generate --trace FILE"
    })
final class ReportCommand implements CliCommand {
  @Parameters(paramLabel = "TRACE", description = "The trace.")
  Path trace = Path.of("");

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The page; default: the trace's name with .html appended.")
  @Nullable Path page;

  @Option(
      names = "--chrome",
      paramLabel = "FILE",
      description = "Also write the trace as JSON for Perfetto and Chrome's trace viewer.")
  @Nullable Path chrome;

  @Option(
      names = "--simulation",
      paramLabel = "FILE",
      description = "What drey simulate --json printed for this trace; adds its charts.")
  @Nullable Path simulation;

  @Override
  public Set<Section> sections() {
    return EnumSet.noneOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    invocation.refuseSettings("report");
    TraceReport report = TraceReport.read(trace);
    Path target = page == null ? Path.of(trace + ".html") : page;
    AtomicFile.write(
        target.toAbsolutePath(), ReportPage.of(report, simulation(report)).getBytes(UTF_8));
    if (chrome != null) {
      ChromeTrace.write(trace, chrome);
    }
    if (invocation.json()) {
      invocation.console().out().println(report.json().toPrettyString());
    } else {
      invocation.console().out().print(TraceTable.of(report));
      invocation.console().out().printf("  %-34s %s%n", "page", target);
    }
    return ExitCode.DONE;
  }

  private @Nullable JsonNode simulation(TraceReport report) throws IOException {
    if (simulation == null) {
      return null;
    }
    try {
      JsonNode found = new ObjectMapper().readTree(simulation.toFile());
      String digest = found.at("/trace/model_digest").asText();
      if (!digest.equals(report.header().modelDigest())
          || found.at("/events").asLong() == 0
          || !found.at("/budgets/0/policies/0/policy").isTextual()) {
        throw new RefusedException(
            "--simulation: %s is no simulation of this trace; make one with: drey simulate --trace %s --json"
                .formatted(simulation, trace));
      }
      return found;
    } catch (JsonProcessingException e) {
      throw new RefusedException(
          "--simulation: %s is no JSON: %s".formatted(simulation, e.getOriginalMessage()), e);
    }
  }
}
