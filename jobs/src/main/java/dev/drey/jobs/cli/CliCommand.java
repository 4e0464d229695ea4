package dev.drey.jobs.cli;

import dev.drey.jobs.options.Section;
import java.util.Set;

/**
 * A subcommand. Implementations carry picocli's {@code @Command} with their name and text, and
 * {@code @Option} fields for what is no setting; flags of settings come from {@link #sections()}.
 */
public interface CliCommand {
  /** The settings whose flags this command takes. */
  Set<Section> sections();

  /**
   * Does it.
   *
   * @return the exit code: {@link ExitCode}
   * @throws Exception what {@link FailureReport} turns into a message
   */
  int run(Invocation invocation) throws Exception;
}
