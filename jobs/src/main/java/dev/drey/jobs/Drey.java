package dev.drey.jobs;

import dev.drey.jobs.cli.Commands;
import dev.drey.jobs.cli.Console;
import dev.drey.jobs.cli.DreyCli;
import dev.drey.jobs.cli.ExitCode;
import dev.drey.jobs.run.ClusterRun;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The main class: of the command {@code drey}, and of the jar that is submitted to a Flink cluster.
 */
public final class Drey {
  private Drey() {}

  /**
   * Runs a command. In a process of its own it ends with the exit code; on a cluster, whose process
   * is not ours to end, a failure is thrown.
   *
   * @throws IllegalStateException on a cluster, if the command failed
   */
  public static void main(String[] arguments) {
    boolean onCluster = ClusterRun.isOnCluster();
    Configuration cluster = new Configuration();
    if (onCluster) {
      StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
      cluster.addAll(Configuration.fromMap(environment.getConfiguration().toMap()));
    }
    DreyCli cli = new DreyCli(Commands.all(), Console.ofProcess(), cluster);
    int code = cli.run(arguments);
    if (!onCluster) {
      System.exit(code);
    }
    if (code != ExitCode.DONE) {
      throw new IllegalStateException(
          "drey ended with code %d; its messages say why".formatted(code), cli.failure());
    }
  }
}
