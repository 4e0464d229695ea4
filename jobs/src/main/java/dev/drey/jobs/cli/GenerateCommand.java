package dev.drey.jobs.cli;

import dev.drey.jobs.options.Section;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Generates: files to files, or topic to topics. */
@Command(
    name = "generate",
    description = {
      "Continues prompts, from files to files or from topic to topics.",
      "A killed run, started again with the same command, goes on from its newest checkpoint."
    })
final class GenerateCommand implements CliCommand {
  @Option(names = "--fresh", description = "Forget what an earlier, killed run has done.")
  boolean fresh;

  @Override
  public Set<Section> sections() {
    return EnumSet.allOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    return new InferenceCommand("generate", fresh, invocation).run();
  }
}
