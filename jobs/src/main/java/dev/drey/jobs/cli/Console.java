package dev.drey.jobs.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where commands write: results to standard output, everything else to standard error.
 *
 * @param out results
 * @param err progress, notes and problems
 * @param terminal whether {@code err} is a terminal, where a line can be rewritten
 */
public record Console(PrintWriter out, PrintWriter err, boolean terminal) {
  /** The process's own streams. */
  public static Console ofProcess() {
    return new Console(
        new PrintWriter(System.out, true, StandardCharsets.UTF_8),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        isTerminal());
  }

  /** Since Java 22 there is a console even without a terminal, and it can be asked. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    java.io.@Nullable Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) java.io.Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
