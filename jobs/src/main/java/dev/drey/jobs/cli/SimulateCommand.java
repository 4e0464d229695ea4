package dev.drey.jobs.cli;

import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.simulate.SimulationJson;
import dev.drey.runtime.simulate.SimulationOptions;
import dev.drey.runtime.simulate.SimulationReport;
import dev.drey.runtime.simulate.SimulationTable;
import dev.drey.runtime.simulate.Simulator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Replays a trace through cache policies. */
@Command(
    name = "simulate",
    description = {
      "Replays a trace through the engine's cache policies for any window size: hits, misses, bytes,"
          + " predicted stall and time, beside Belady's bound and the bound in seconds.",
      "Record a trace with: drey generate --trace FILE"
    })
final class SimulateCommand implements CliCommand {
  private static final String DEFAULT = "; default ${DEFAULT-VALUE}.";

  @Option(names = "--trace", paramLabel = "FILE", required = true, description = "The trace.")
  Path trace = Path.of("");

  @Option(
      names = "--budgets",
      paramLabel = "SHARE",
      split = ",",
      description = "Window sizes as shares of all experts" + DEFAULT)
  List<Double> budgets = List.of(0.1, 0.25, 0.5, 0.75);

  @Option(
      names = "--policies",
      paramLabel = "NAME",
      split = ",",
      description = "Cache policies, or all" + DEFAULT)
  List<String> policies = List.of("all");

  @Option(
      names = "--predictions",
      paramLabel = "SOURCE",
      description =
          "What is prefetched: recorded (what the engine predicted), none, oracle (what the next"
              + " layers will choose), or a predictor that learns from routing"
              + DEFAULT)
  String predictions = "recorded";

  @Option(
      names = "--lookahead",
      paramLabel = "N",
      description = "Layers the oracle or the predictor looks ahead; default: its own choice.")
  int lookahead;

  @Option(
      names = "--predictor-capacity",
      paramLabel = "N",
      description = "Entries of the predictor's collection; default: its own choice.")
  int capacity;

  @Option(
      names = "--predictor-file",
      paramLabel = "FILE",
      description = "What learned.mlp was trained to.")
  @Nullable String predictorFile;

  @Option(
      names = "--bandwidth",
      paramLabel = "SIZE",
      description = "Bytes per second of the link; default: as measured when recording.")
  @Nullable String bandwidth;

  @Option(
      names = "--layer-micros",
      paramLabel = "N",
      description = "Computing time of one layer of one step; default: as recorded.")
  double layerMicros;

  @Option(names = "--threads", paramLabel = "N", description = "Replays at a time" + DEFAULT)
  int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Set<Section> sections() {
    return EnumSet.noneOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    invocation.refuseSettings("simulate");
    SimulationReport report = simulate(invocation);
    invocation
        .console()
        .out()
        .print(invocation.json() ? SimulationJson.of(report) + "\n" : SimulationTable.of(report));
    return ExitCode.DONE;
  }

  private SimulationReport simulate(Invocation invocation) throws IOException {
    try {
      SimulationOptions options =
          new SimulationOptions(
              trace,
              budgets,
              policies.equals(List.of("all")) ? List.copyOf(CachePolicies.names()) : policies,
              predictions,
              new PredictorOptions(lookahead, capacity, predictorFile),
              bandwidth == null ? null : (double) MemorySize.parse(bandwidth).of(0),
              Math.round(layerMicros * 1e3),
              threads);
      return new Simulator(
              options,
              CachePolicies::named,
              line -> invocation.console().err().println("drey: " + line))
          .run();
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }
}
