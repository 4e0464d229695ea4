package dev.drey.jobs.cli;

import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.runtime.Devices;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.routing.RoutingMeasurement;
import dev.drey.runtime.routing.RoutingProfile;
import dev.drey.runtime.synth.SyntheticFamily;
import dev.drey.runtime.synth.SyntheticModel;
import dev.drey.runtime.synth.SyntheticPrompts;
import dev.drey.runtime.synth.SyntheticRouting;
import dev.drey.runtime.synth.SyntheticSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes a synthetic model. */
@Command(
    name = "synth",
    description = {
      "Writes a model with random weights in the layout of published checkpoints, for benchmarks and"
          + " tests, and measures how its routers choose.",
      "The same flags give the same bytes."
    })
final class SynthCommand implements CliCommand {
  private static final String DEFAULT = "; default ${DEFAULT-VALUE}.";
  private static final String UNMEASURED = "none";
  private static final Set<String> DEVICES = Set.of("cpu", "cuda", "reference", UNMEASURED);
  private static final int PROMPTS = 16;
  private static final int PROMPT_TOKENS = 128;

  @Option(names = "--out", paramLabel = "DIR", required = true, description = "Where to write it.")
  Path out = Path.of("");

  @Option(
      names = "--family",
      paramLabel = "NAME",
      description =
          "Kind of checkpoint: qwen3_moe, qwen2_moe, mixtral, olmoe, deepseek_v2, deepseek_v3 or"
              + " gpt_oss"
              + DEFAULT)
  String family = SyntheticFamily.QWEN3_MOE.label();

  @Option(names = "--hidden", paramLabel = "N", description = "Model width" + DEFAULT)
  int hidden = SyntheticSpec.DEFAULT.hidden();

  @Option(names = "--layers", paramLabel = "N", description = "Decoder layers" + DEFAULT)
  int layers = SyntheticSpec.DEFAULT.layers();

  @Option(names = "--experts", paramLabel = "N", description = "Experts per layer" + DEFAULT)
  int experts = SyntheticSpec.DEFAULT.experts();

  @Option(names = "--top-k", paramLabel = "N", description = "Experts per token" + DEFAULT)
  int topK = SyntheticSpec.DEFAULT.expertsPerToken();

  @Option(names = "--intermediate", paramLabel = "N", description = "Expert width" + DEFAULT)
  int intermediate = SyntheticSpec.DEFAULT.intermediate();

  @Option(names = "--heads", paramLabel = "N", description = "Query heads" + DEFAULT)
  int heads = SyntheticSpec.DEFAULT.heads();

  @Option(
      names = "--kv-heads",
      paramLabel = "N",
      description = "Key/value heads; default 4, or the query heads for latent attention.")
  @Nullable Integer kvHeads;

  @Option(names = "--head-dim", paramLabel = "N", description = "Width of a head" + DEFAULT)
  int headDim = SyntheticSpec.DEFAULT.headDim();

  @Option(names = "--vocabulary", paramLabel = "N", description = "Token ids" + DEFAULT)
  int vocabulary = SyntheticSpec.DEFAULT.vocabulary();

  @Option(names = "--positions", paramLabel = "N", description = "Longest sequence" + DEFAULT)
  int positions = SyntheticSpec.DEFAULT.maxPositions();

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all weights" + DEFAULT)
  long seed = SyntheticSpec.DEFAULT.seed();

  @Option(
      names = "--skew",
      paramLabel = "S",
      description = "Zipf exponent of the experts' popularity; 0: all alike" + DEFAULT)
  double skew;

  @Option(
      names = "--topics",
      paramLabel = "N",
      description = "Kinds of tokens: token v is of topic v mod N; 0: none" + DEFAULT)
  int topics;

  @Option(
      names = "--locality",
      paramLabel = "L",
      description = "How far a token's topic decides its experts, 0 to 1" + DEFAULT)
  double locality;

  @Option(
      names = "--correlation",
      paramLabel = "C",
      description = "How far a layer's choice tells the next layer's, 0 to 1" + DEFAULT)
  double correlation;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description =
          "What measures the routing: cpu, cuda, reference (slow), or none to measure nothing"
              + DEFAULT)
  String device = "cpu";

  @Option(names = "--threads", paramLabel = "N", description = "Compute threads" + DEFAULT)
  int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Set<Section> sections() {
    return EnumSet.noneOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    if (!DEVICES.contains(device)) {
      throw new RefusedException(
          "--device: expected cpu, cuda, reference or none, found '%s'".formatted(device));
    }
    requireEmpty();
    requireDevice();
    long start = System.nanoTime();
    SyntheticSpec spec = write();
    long written = System.nanoTime();
    RoutingProfile profile = measure(spec);
    long measured = System.nanoTime();
    try (Checkpoint checkpoint = Checkpoint.open(out)) {
      SynthReport report =
          new SynthReport(
              checkpoint.digest(),
              checkpoint.summary(),
              (written - start) / 1e9,
              profile,
              (measured - written) / 1e9);
      String path = out.toString();
      invocation.console().out().println(invocation.json() ? report.json(path) : report.text(path));
    }
    return ExitCode.DONE;
  }

  private SyntheticSpec write() throws IOException {
    try {
      SyntheticFamily kind = SyntheticFamily.named(family);
      SyntheticRouting routing = new SyntheticRouting(skew, topics, locality, correlation);
      SyntheticSpec spec =
          new SyntheticSpec(
              hidden,
              layers,
              experts,
              topK,
              intermediate,
              heads,
              kvHeads == null ? kind.kvHeads(heads) : kvHeads,
              headDim,
              vocabulary,
              positions,
              seed);
      SyntheticModel.write(kind, spec, routing, out);
      return spec;
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }

  private @Nullable RoutingProfile measure(SyntheticSpec spec) throws IOException {
    int tokens = Math.min(PROMPT_TOKENS, spec.maxPositions() - 1);
    if (device.equals(UNMEASURED) || tokens < 2) {
      return null;
    }
    return RoutingMeasurement.measure(
        out, device, threads, SyntheticPrompts.of(spec, topics, PROMPTS, tokens));
  }

  /** Better before gigabytes are written than after. */
  private void requireDevice() {
    if (device.equals(UNMEASURED)) {
      return;
    }
    try {
      Devices.open(device, 0, ComputeType.BF16, threads).close();
    } catch (IllegalStateException e) {
      throw new RefusedException(
          "--device: %s cannot measure the routing here: %s; --device none measures nothing"
              .formatted(device, e.getMessage()),
          e);
    }
  }

  private void requireEmpty() throws IOException {
    if (Files.isDirectory(out)) {
      try (Stream<Path> files = Files.list(out)) {
        if (files.findAny().isPresent()) {
          throw new RefusedException(
              "--out: %s is not empty; name a directory that is empty or not there".formatted(out));
        }
      }
    } else if (Files.exists(out)) {
      throw new RefusedException("--out: %s is a file; name a directory".formatted(out));
    }
  }
}
