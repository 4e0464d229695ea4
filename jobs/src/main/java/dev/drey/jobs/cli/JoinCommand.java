package dev.drey.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.run.DetachedJoin;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Joins the output of a job that was submitted detached. */
@Command(
    name = "join",
    description = {
      "Makes results.jsonl and dead-letters.jsonl of the parts that a job has left which was",
      "submitted to a cluster with flink run -d, after it has finished. Refuses while an input"
          + " line",
      "has no committed outcome."
    })
final class JoinCommand implements CliCommand {
  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "The job's output directory.")
  Path output = Path.of("");

  @Override
  public Set<Section> sections() {
    return EnumSet.noneOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ResultJoin.Counts counts = DetachedJoin.join(output);
    ObjectNode result = new ObjectMapper().createObjectNode();
    result.put("output", output.toString()).put("in", counts.records());
    result.put("results", counts.results()).put("dead_letters", counts.deadLetters());
    invocation
        .console()
        .out()
        .println(
            invocation.json()
                ? result.toPrettyString()
                : "%s records, %s results, %s dead letters in %s"
                    .formatted(
                        SizeText.count(counts.records()),
                        SizeText.count(counts.results()),
                        SizeText.count(counts.deadLetters()),
                        output));
    return ExitCode.DONE;
  }
}
