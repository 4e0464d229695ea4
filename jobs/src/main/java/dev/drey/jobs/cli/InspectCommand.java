package dev.drey.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.options.Validator;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.CheckpointSummary;
import dev.drey.runtime.checkpoint.ModelChecks;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows what a model directory holds. */
@Command(
    name = "inspect",
    description = "Checks a model directory and shows architecture, bytes by purpose, experts.")
final class InspectCommand implements CliCommand {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Option(names = "--tensors", description = "List every tensor.")
  boolean tensors;

  @Override
  public Set<Section> sections() {
    return EnumSet.of(Section.ENGINE);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    Validator.check(
        invocation.settings(),
        List.of(
            EngineSettings.MODEL,
            EngineSettings.REFUSE_NON_FINITE,
            EngineSettings.VERIFY_CHECKSUMS));
    ModelChecks checks = EngineSettings.modelChecks(invocation.settings());
    Path directory = Path.of(EngineSettings.MODEL.in(invocation.settings()));
    try (Checkpoint checkpoint = Checkpoint.open(directory, checks)) {
      if (checks.finite()) {
        checkpoint.readChecked();
      }
      if (invocation.json()) {
        invocation
            .console()
            .out()
            .println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json(checkpoint)));
      } else {
        print(checkpoint, invocation.console().out());
      }
    }
    return ExitCode.DONE;
  }

  private void print(Checkpoint checkpoint, PrintWriter out) {
    ModelConfig model = checkpoint.config();
    CheckpointSummary summary = checkpoint.summary();
    row(out, "model", checkpoint.directory());
    row(out, "architecture", summary.architecture());
    row(out, "digest", checkpoint.digest());
    row(
        out,
        "layers",
        "%d (%d with experts), hidden %d, vocabulary %d, positions %d"
            .formatted(
                summary.layers(),
                summary.moeLayers(),
                model.hidden(),
                model.vocabulary(),
                model.maxPositions()));
    model.decoder().stream()
        .map(LayerConfig::attention)
        .collect(Collectors.groupingBy(any -> any, LinkedHashMap::new, Collectors.counting()))
        .forEach((attention, layers) -> row(out, "attention", describe(attention, layers)));
    row(
        out,
        "experts",
        "%d per layer, %d per token, %d wide, %s each, %s in all"
            .formatted(
                summary.expertsPerLayer(),
                model.moe().expertsPerToken(),
                model.moe().intermediate(),
                SizeText.bytes(summary.expertBytes()),
                SizeText.count(summary.totalExperts())));
    printBytes(summary, out);
    if (tensors) {
      printTensors(checkpoint, out);
    }
  }

  private static String describe(AttentionConfig attention, long layers) {
    if (attention instanceof GroupedQueryAttention grouped) {
      String range =
          grouped.visible().window() > 0
              ? ", window " + grouped.visible().window()
              : grouped.visible().chunk() > 0 ? ", chunks of " + grouped.visible().chunk() : "";
      return "%d heads, %d key/value heads of %d%s, in %d layers"
          .formatted(grouped.heads(), grouped.kvHeads(), grouped.headDim(), range, layers);
    }
    if (attention instanceof LatentAttention latent) {
      return "latent: %d heads, %d + %d stored per token, in %d layers"
          .formatted(latent.heads(), latent.kvRank(), latent.rotaryDim(), layers);
    }
    GatedDeltaRule delta = (GatedDeltaRule) attention;
    return "gated delta rule: %d value heads of %d, %d numbers of state per sequence, in %d layers"
        .formatted(delta.valueHeads(), delta.valueWidth(), delta.stateNumbers(), layers);
  }

  private static void printBytes(CheckpointSummary summary, PrintWriter out) {
    row(out, "files", summary.files() + " with " + summary.tensors() + " tensors");
    summary
        .bytes()
        .forEach(
            (purpose, bytes) -> {
              if (bytes > 0) {
                row(out, "bytes: " + purposeName(purpose.name()), SizeText.bytes(bytes));
              }
            });
    row(out, "bytes: all", SizeText.bytes(summary.totalBytes()));
    if (!summary.rounded().isEmpty()) {
      row(out, "rounded to bfloat16", "weights stored as " + summary.rounded());
    }
  }

  private static void printTensors(Checkpoint checkpoint, PrintWriter out) {
    for (TensorRegion tensor : checkpoint.tensors()) {
      out.printf(
          "  %-64s %-5s %-18s %s%n",
          tensor.name(),
          tensor.type(),
          Arrays.toString(tensor.shape()),
          SizeText.bytes(tensor.bytes()));
    }
  }

  private static void row(PrintWriter out, String name, Object value) {
    out.printf("  %-22s %s%n", name, value);
  }

  private static String purposeName(String constant) {
    return constant.toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private ObjectNode json(Checkpoint checkpoint) {
    ModelConfig model = checkpoint.config();
    CheckpointSummary summary = checkpoint.summary();
    ObjectNode root = MAPPER.createObjectNode();
    root.put("model", checkpoint.directory().toString());
    root.put("architecture", summary.architecture());
    root.put("digest", checkpoint.digest());
    root.put("layers", summary.layers());
    root.put("moe_layers", summary.moeLayers());
    root.put("hidden", model.hidden());
    root.put("vocabulary", model.vocabulary());
    root.put("max_positions", model.maxPositions());
    root.put("experts_per_layer", summary.expertsPerLayer());
    root.put("experts_per_token", model.moe().expertsPerToken());
    root.put("experts", summary.totalExperts());
    root.put("expert_bytes", summary.expertBytes());
    root.put("files", summary.files());
    ObjectNode bytes = root.putObject("bytes");
    summary.bytes().forEach((purpose, n) -> bytes.put(purpose.name().toLowerCase(Locale.ROOT), n));
    root.put("total_bytes", summary.totalBytes());
    if (tensors) {
      ArrayNode list = root.putArray("tensors");
      for (TensorRegion tensor : checkpoint.tensors()) {
        ObjectNode entry = list.addObject();
        entry.put("name", tensor.name());
        entry.put("type", tensor.type().toString());
        ArrayNode shape = entry.putArray("shape");
        Arrays.stream(tensor.shape()).forEach(shape::add);
        entry.put("file", tensor.file().getFileName().toString());
        entry.put("bytes", tensor.bytes());
      }
    }
    return root;
  }
}
