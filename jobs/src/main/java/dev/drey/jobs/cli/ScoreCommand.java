package dev.drey.jobs.cli;

import dev.drey.jobs.options.Section;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Scores: files to files, or topic to topics. */
@Command(
    name = "score",
    description = {
      "Gives log-likelihoods of continuations ({context, continuation}) or whole texts ({text}),",
      "from files to files or from topic to topics, with the same guarantees as generate."
    })
final class ScoreCommand implements CliCommand {
  @Option(names = "--fresh", description = "Forget what an earlier, killed run has done.")
  boolean fresh;

  @Override
  public Set<Section> sections() {
    return EnumSet.allOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    return new InferenceCommand("score", fresh, invocation).run();
  }
}
