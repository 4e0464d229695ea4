package dev.drey.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.options.Validator;
import dev.drey.runtime.Devices;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertPacker;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemoryBudget;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Stores a model's experts as a device needs them. */
@Command(
    name = "pack",
    description = {
      "Stores the experts of a model in the layout a device computes with, so that loading one is",
      "reading it: nothing is packed on arrival. Use it with --packed DIR, beside the model. Results",
      "do not change."
    })
final class PackCommand implements CliCommand {
  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Where to write it: as large as the model's experts in bfloat16.")
  Path out = Path.of("");

  @Override
  public Set<Section> sections() {
    return EnumSet.of(Section.ENGINE);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    Validator.check(invocation.settings(), List.of(EngineSettings.MODEL));
    EngineConfig config = EngineSettings.engine(invocation.settings()).onThisMachine();
    long start = System.nanoTime();
    ObjectNode result = new ObjectMapper().createObjectNode();
    try (Checkpoint checkpoint = Checkpoint.open(config.modelDirectory(), config.checks());
        Device device =
            Devices.open(
                config.device(), config.deviceIndex(), config.compute(), config.threads());
        MemoryBudget budget = MemoryBudget.root("packing", Long.MAX_VALUE);
        ExpertPacker packer = new ExpertPacker(checkpoint, device, budget)) {
      int experts = checkpoint.summary().totalExperts();
      packer.write(out, done -> report(done, experts, invocation.console()));
      new ExpertStorage(out.toString(), /* direct= */ false).open(checkpoint, device).close();
      result.put("packed", out.toString()).put("model", checkpoint.digest());
      result.put("weights", device.weightFormat(checkpoint.config().expertShape()));
      result.put("experts", experts).put("bytes", packer.bytes());
    }
    result.put("seconds", (System.nanoTime() - start) / 1e9);
    invocation.console().out().println(invocation.json() ? result.toPrettyString() : text(result));
    return ExitCode.DONE;
  }

  private static void report(int done, int experts, Console console) {
    int tenths = experts / 10;
    if (tenths > 0 && done % tenths == 0) {
      console.err().printf(Locale.ROOT, "drey: packed %,d of %,d experts%n", done, experts);
    }
  }

  private static String text(ObjectNode result) {
    return String.format(
        Locale.ROOT,
        "%s: %,d experts, %s, written in %.1f s%n%s%nUse it with: --packed %s",
        result.get("packed").asText(),
        result.get("experts").asInt(),
        SizeText.bytes(result.get("bytes").asLong()),
        result.get("seconds").asDouble(),
        result.get("weights").asText(),
        result.get("packed").asText());
  }
}
