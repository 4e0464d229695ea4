package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.bench.FlinkComparison;
import dev.drey.jobs.bench.FlinkReport;
import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.report.BenchPage;
import dev.drey.runtime.bench.BenchJson;
import dev.drey.runtime.bench.BenchOptions;
import dev.drey.runtime.bench.BenchReport;
import dev.drey.runtime.bench.BenchTable;
import dev.drey.runtime.bench.EngineBench;
import dev.drey.runtime.bench.Group;
import dev.drey.runtime.bench.Phase;
import dev.drey.runtime.bench.SizedGroup;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.transfer.TransferConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the engine, or the Flink job against the engine. */
@Command(
    name = "bench",
    description = {
      "Measures prefill, decode and scoring beside the floors of this machine: everything resident,"
          + " and each smaller window with prefetch, without, and with nothing kept (on demand).",
      "With --flink: the Flink job against the bare engine on the same records."
    })
final class BenchCommand implements CliCommand {
  private static final String DEFAULT = "; default ${DEFAULT-VALUE}.";
  private static final int DEFAULT_SEQUENCES = 32;

  @Option(names = "--model", paramLabel = "DIR", required = true, description = "The model.")
  Path model = Path.of("");

  @Option(
      names = "--expert-memory",
      paramLabel = "SIZE|PERCENT",
      split = ",",
      description = "Residency windows to measure" + DEFAULT)
  List<String> expertMemory = List.of("100%", "25%");

  @Option(
      names = "--policies",
      paramLabel = "NAME",
      split = ",",
      description = "Cache policies to run with prefetch in the smaller windows" + DEFAULT)
  List<String> policies = List.of(CachePolicies.DEFAULT);

  @Option(
      names = "--phase",
      paramLabel = "NAME",
      split = ",",
      description = "What to measure: prefill, decode, score" + DEFAULT)
  List<String> phases = List.of("prefill", "decode", "score");

  @Option(
      names = "--sequences",
      paramLabel = "N",
      description = "Sequences of a round; default: as many as the largest group has, or 32.")
  @Nullable Integer sequences;

  @Option(
      names = "--group",
      paramLabel = "N|auto",
      split = ",",
      description =
          "Sequences computed together, each a case; default: all of them. auto: what the planner"
              + " makes of the memory that all of them take, rows of a step and window included.")
  List<String> groups = List.of();

  @Option(
      names = "--ablation",
      description =
          "Measure, in each smaller window, what groups, prefetch and the order of experts add to"
              + " one sequence at a time, and how near overlapping comes to its bound.")
  boolean ablation;

  @Option(
      names = "--plot",
      paramLabel = "FILE",
      description = "Also write an HTML page: speed over memory, beside resident and planned.")
  @Nullable Path plot;

  @Option(names = "--prompt-tokens", paramLabel = "P", description = "Prompt length" + DEFAULT)
  int promptTokens = 128;

  @Option(names = "--max-tokens", paramLabel = "T", description = "Tokens to decode" + DEFAULT)
  int maxTokens = 32;

  @Option(names = "--step-tokens", paramLabel = "N", description = "Most rows per step" + DEFAULT)
  int stepTokens = 256;

  @Option(names = "--rounds", paramLabel = "R", description = "Measured rounds" + DEFAULT)
  int rounds = 5;

  @Option(
      names = "--link-bandwidth",
      paramLabel = "SIZE",
      description = "Pace of transfers in bytes per second; 0 for as fast as files are read.")
  String linkBandwidth = "0";

  @Option(names = "--io-threads", paramLabel = "N", description = "I/O threads" + DEFAULT)
  int ioThreads = TransferConfig.DEFAULT.threads();

  @Option(
      names = "--packed",
      paramLabel = "DIR",
      description = "Experts as drey pack stored them; unset: packed when they arrive.")
  @Nullable String packed;

  @Option(names = "--direct", description = "Read packed experts past the page cache.")
  boolean direct;

  @Option(names = "--threads", paramLabel = "N", description = "Compute threads" + DEFAULT)
  int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--compute", paramLabel = "TYPE", description = "f32 or bf16" + DEFAULT)
  String compute = "bf16";

  @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda or reference" + DEFAULT)
  String device = "cpu";

  @Option(
      names = "--device-index",
      paramLabel = "N",
      description = "Which GPU of the machine, from 0" + DEFAULT)
  int deviceIndex;

  @Option(
      names = "--host-memory",
      paramLabel = "SIZE|PERCENT",
      description = "Page-locked host memory to keep experts in (cuda); unset: none.")
  @Nullable String hostMemory;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of the prompts" + DEFAULT)
  long seed = 1;

  @Option(names = "--flink", description = "Compare the Flink job with the bare engine instead.")
  boolean flink;

  @Option(
      names = "--records",
      paramLabel = "N",
      description = "With --flink: records per run; default 4 times the group.")
  int records;

  @Override
  public Set<Section> sections() {
    return EnumSet.noneOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    invocation.refuseSettings("bench");
    Consumer<String> progress = line -> invocation.console().err().println("drey: " + line);
    BenchOptions options = options();
    return flink ? compare(options, invocation, progress) : measure(options, invocation, progress);
  }

  private BenchOptions options() {
    try {
      List<Group> cases = groups.stream().map(Group::parse).toList();
      int largest = cases.stream().mapToInt(Group::sequences).max().orElse(0);
      int all = sequences != null ? sequences : largest > 0 ? largest : DEFAULT_SEQUENCES;
      return new BenchOptions(
          model,
          device,
          deviceIndex,
          ComputeType.valueOf(compute.toUpperCase(Locale.ROOT)),
          threads,
          ablation,
          expertMemory.stream().map(MemorySize::parse).toList(),
          hostMemory == null ? null : MemorySize.parse(hostMemory),
          policies,
          phases.stream().map(Phase::parse).toList(),
          all,
          cases.isEmpty() ? List.of(new Group(all)) : cases,
          promptTokens,
          maxTokens,
          stepTokens,
          rounds,
          MemorySize.parse(linkBandwidth).of(0),
          ioThreads,
          new ExpertStorage(packed, direct),
          seed);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }

  private int measure(BenchOptions options, Invocation invocation, Consumer<String> progress)
      throws Exception {
    if (plot != null) {
      requireFolder(plot.toAbsolutePath());
    }
    BenchReport report = new EngineBench(options, progress).run();
    if (plot != null) {
      AtomicFile.write(plot.toAbsolutePath(), BenchPage.of(report).getBytes(UTF_8));
      progress.accept("plot in " + plot);
    }
    invocation
        .console()
        .out()
        .print(invocation.json() ? BenchJson.of(report) + "\n" : BenchTable.of(report));
    return report.identical() ? ExitCode.DONE : ExitCode.FAILED;
  }

  /** Asked first, because it would be a pity to find out when all has been measured. */
  private static void requireFolder(Path file) {
    Path folder = file.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new RefusedException(
          "--plot: expected a file in a directory that exists, found " + file);
    }
  }

  private int compare(BenchOptions options, Invocation invocation, Consumer<String> progress)
      throws Exception {
    if (ablation || plot != null) {
      throw new RefusedException(
          (ablation ? "--ablation" : "--plot")
              + ": expected without --flink, which compares the job with the engine");
    }
    if (options.groups().contains(Group.AUTO)) {
      throw new RefusedException(
          "--flink: expected groups of a number of sequences, found --group auto; measure it without --flink and give the number");
    }
    List<FlinkReport> reports = new ArrayList<>();
    for (Group group : options.groups()) {
      for (String window : expertMemory) {
        try (Workplace workplace = Workplace.create()) {
          int count = records > 0 ? records : 4 * group.sequences();
          Configuration settings = settings(options, SizedGroup.fixed(group, options), window);
          reports.add(
              new FlinkComparison(options, count, settings, workplace.path(), progress).run());
        }
      }
    }
    if (invocation.json()) {
      ObjectNode root = new ObjectMapper().createObjectNode();
      reports.forEach(report -> root.withArray("comparisons").add(report.json()));
      invocation.console().out().println(root.toPrettyString());
    } else {
      reports.forEach(report -> invocation.console().out().print(report.text()));
    }
    return reports.stream().allMatch(FlinkReport::identical) ? ExitCode.DONE : ExitCode.FAILED;
  }

  /** What a user would set to run the same. */
  private Configuration settings(BenchOptions options, SizedGroup group, String window) {
    Configuration settings = new Configuration();
    settings.set(EngineSettings.MODEL.option(), model.toString());
    settings.set(EngineSettings.DEVICE.option(), device);
    settings.set(EngineSettings.DEVICE_INDEX.option(), deviceIndex);
    if (hostMemory != null) {
      settings.set(EngineSettings.HOST_MEMORY.option(), hostMemory);
    }
    if (packed != null) {
      settings.set(EngineSettings.PACKED.option(), packed);
    }
    settings.set(EngineSettings.DIRECT.option(), direct);
    settings.set(EngineSettings.COMPUTE.option(), compute);
    settings.set(EngineSettings.THREADS.option(), threads);
    settings.set(EngineSettings.EXPERT_MEMORY.option(), window);
    settings.set(EngineSettings.KV_TOKENS.option(), group.kvTokens(options));
    settings.set(EngineSettings.MAX_SEQUENCES.option(), group.sequences());
    settings.set(EngineSettings.MAX_STEP_TOKENS.option(), group.stepTokens());
    settings.set(EngineSettings.PREFIX_REUSE.option(), false);
    settings.set(EngineSettings.TRANSFER_THREADS.option(), ioThreads);
    settings.set(EngineSettings.TRANSFER_PACE.option(), options.linkBytesPerSecond());
    return settings;
  }
}
