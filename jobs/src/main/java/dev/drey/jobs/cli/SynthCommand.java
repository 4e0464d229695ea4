package dev.drey.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.CheckpointSummary;
import dev.drey.runtime.synth.SyntheticModel;
import dev.drey.runtime.synth.SyntheticSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes a synthetic model. */
@Command(
    name = "synth",
    description = {
      "Writes a Qwen3-MoE model with random weights, for benchmarks and tests.",
      "The same flags give the same bytes."
    })
final class SynthCommand implements CliCommand {
  private static final String DEFAULT = "; default ${DEFAULT-VALUE}.";

  @Option(names = "--out", paramLabel = "DIR", required = true, description = "Where to write it.")
  Path out = Path.of("");

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

  @Option(names = "--kv-heads", paramLabel = "N", description = "Key/value heads" + DEFAULT)
  int kvHeads = SyntheticSpec.DEFAULT.kvHeads();

  @Option(names = "--head-dim", paramLabel = "N", description = "Width of a head" + DEFAULT)
  int headDim = SyntheticSpec.DEFAULT.headDim();

  @Option(names = "--vocabulary", paramLabel = "N", description = "Token ids" + DEFAULT)
  int vocabulary = SyntheticSpec.DEFAULT.vocabulary();

  @Option(names = "--positions", paramLabel = "N", description = "Longest sequence" + DEFAULT)
  int positions = SyntheticSpec.DEFAULT.maxPositions();

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all weights" + DEFAULT)
  long seed = SyntheticSpec.DEFAULT.seed();

  @Override
  public Set<Section> sections() {
    return EnumSet.noneOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    SyntheticSpec spec = spec();
    requireEmpty();
    long start = System.nanoTime();
    SyntheticModel.write(spec, out);
    double seconds = (System.nanoTime() - start) / 1e9;
    try (Checkpoint written = Checkpoint.open(out)) {
      CheckpointSummary summary = written.summary();
      ObjectNode result = new ObjectMapper().createObjectNode();
      result.put("model", out.toString()).put("digest", written.digest());
      result.put("experts", summary.totalExperts()).put("expert_bytes", summary.expertBytes());
      result.put("total_bytes", summary.totalBytes()).put("files", summary.files());
      result.put("seconds", seconds);
      invocation
          .console()
          .out()
          .println(invocation.json() ? result.toPrettyString() : text(result));
    }
    return ExitCode.DONE;
  }

  private static String text(ObjectNode result) {
    return String.format(
        Locale.ROOT,
        "%s: %,d experts of %s, %s in %d weight files, written in %.1f s%ndigest %s",
        result.get("model").asText(),
        result.get("experts").asInt(),
        SizeText.bytes(result.get("expert_bytes").asLong()),
        SizeText.bytes(result.get("total_bytes").asLong()),
        result.get("files").asInt(),
        result.get("seconds").asDouble(),
        result.get("digest").asText());
  }

  private SyntheticSpec spec() {
    try {
      return new SyntheticSpec(
          hidden,
          layers,
          experts,
          topK,
          intermediate,
          heads,
          kvHeads,
          headDim,
          vocabulary,
          positions,
          seed);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
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
