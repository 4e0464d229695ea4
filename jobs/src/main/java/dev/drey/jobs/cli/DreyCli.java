package dev.drey.jobs.cli;

import dev.drey.jobs.options.NearestName;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code drey}: finds the command, reads its flags, runs it. */
public final class DreyCli {
  private static final String COMMON = "common";

  private final List<CliCommand> commands;
  private final Console console;
  private final Configuration cluster;
  private @Nullable Exception failure;

  /**
   * @param commands the subcommands
   * @param cluster what the cluster is configured with that we run on, empty in the own process
   */
  public DreyCli(List<CliCommand> commands, Console console, Configuration cluster) {
    this.commands = List.copyOf(commands);
    this.console = console;
    this.cluster = cluster;
  }

  @Command(
      name = "drey",
      mixinStandardHelpOptions = true,
      versionProvider = ProgramVersion.class,
      description = "Mixture-of-experts language-model inference as an Apache Flink job.",
      synopsisSubcommandLabel = "COMMAND",
      footer = {
        "",
        "drey COMMAND --help explains a command; docs/configuration.md lists all settings.",
        "Exit codes: 0 done, 1 failed, 2 wrong usage or refused input."
      })
  private static final class Root {}

  /**
   * Runs one command line.
   *
   * @return the exit code: {@link ExitCode}
   */
  public int run(String... arguments) {
    CommandLine root = build();
    ParseResult parsed;
    try {
      parsed = root.parseArgs(arguments);
    } catch (ParameterException e) {
      return misused(e);
    }
    Integer help = CommandLine.executeHelpRequest(parsed);
    if (help != null) {
      return help;
    }
    if (!parsed.hasSubcommand()) {
      root.usage(console.err());
      return ExitCode.REFUSED;
    }
    return execute(parsed.subcommand());
  }

  /** What made the command fail, for whoever submitted it from afar; null if it ran to its end. */
  public @Nullable Exception failure() {
    return failure;
  }

  private CommandLine build() {
    CommandLine root = new CommandLine(new Root());
    for (CliCommand command : commands) {
      CommandLine sub = new CommandLine(command);
      sub.addMixin(COMMON, new CommonFlags());
      SettingFlags.attach(sub.getCommandSpec(), command.sections());
      sub.getCommandSpec().mixinStandardHelpOptions(true);
      sub.getCommandSpec().usageMessage().sortOptions(false);
      root.addSubcommand(sub);
    }
    root.setOut(console.out());
    root.setErr(console.err());
    return root;
  }

  private int execute(ParseResult parsed) {
    CliCommand command = (CliCommand) parsed.commandSpec().userObject();
    CommonFlags common = commonFlags(parsed.commandSpec());
    try {
      Map<String, String> flags = SettingFlags.values(parsed, command.sections());
      return command.run(new Invocation(common.merge(cluster, flags), console, common.json));
    } catch (Exception e) {
      failure = e;
      return FailureReport.print(e, console.err(), common.verbose);
    } finally {
      console.out().flush();
      console.err().flush();
    }
  }

  private static CommonFlags commonFlags(CommandSpec command) {
    CommandSpec mixin = command.mixins().get(COMMON);
    if (mixin == null) {
      throw new IllegalStateException(command.name() + " was built without the common flags");
    }
    return (CommonFlags) mixin.userObject();
  }

  private int misused(ParameterException e) {
    console.err().println("drey: " + e.getMessage() + hint(e));
    console
        .err()
        .println("      " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return ExitCode.REFUSED;
  }

  private static String hint(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)
        || unmatched.getUnmatched().isEmpty()) {
      return "";
    }
    CommandSpec spec = e.getCommandLine().getCommandSpec();
    String given = unmatched.getUnmatched().get(0);
    List<String> known =
        given.startsWith("-")
            ? spec.optionsMap().keySet().stream().sorted().collect(Collectors.toList())
            : spec.subcommands().keySet().stream().sorted().collect(Collectors.toList());
    return NearestName.of(given, known).map(name -> "; did you mean " + name + "?").orElse("");
  }
}
