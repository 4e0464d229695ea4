package dev.drey.jobs.cli;

import java.util.List;

/** The subcommands there are. A new one is a class and a line here. */
public final class Commands {
  private Commands() {}

  /** All of them, in the order of the usage text. */
  public static List<CliCommand> all() {
    return List.of(
        new DemoCommand(),
        new GenerateCommand(),
        new ScoreCommand(),
        new JoinCommand(),
        new InspectCommand(),
        new PackCommand(),
        new PlanCommand(),
        new VerifyCommand(),
        new BenchCommand(),
        new SimulateCommand(),
        new ReportCommand(),
        new TrainPredictorCommand(),
        new SynthCommand());
  }
}
