package dev.drey.jobs.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.apache.flink.configuration.Configuration;

/** {@code drey} in this process; keeps what the latest command has written. */
final class CommandRun {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Runs a command and returns its exit code. */
  int drey(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    Console console = new Console(new PrintWriter(out, true), new PrintWriter(err, true), false);
    return new DreyCli(Commands.all(), console, new Configuration()).run(arguments);
  }

  /** Its standard output. */
  String out() {
    return out.toString();
  }

  /** Its standard error. */
  String err() {
    return err.toString();
  }
}
