package dev.drey.jobs.cli;

import dev.drey.jobs.files.IncompleteRunException;
import dev.drey.jobs.local.JobFailedException;
import dev.drey.jobs.options.RefusedException;
import dev.drey.runtime.plan.InsufficientMemoryException;
import dev.drey.runtime.predict.PredictorRefusedException;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.trace.TraceFileException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns a failure into a message somebody can act on, and an exit code. */
final class FailureReport {
  private static final List<Class<? extends Throwable>> REFUSALS =
      List.of(
          RefusedException.class,
          ModelFileException.class,
          TraceFileException.class,
          InsufficientMemoryException.class,
          PredictorRefusedException.class);

  private FailureReport() {}

  /** Prints the failure; the stack trace only if asked for. */
  static int print(Throwable failure, PrintWriter err, boolean verbose) {
    Optional<Throwable> refusal = find(failure);
    if (refusal.isPresent() && refusal.get() instanceof RefusedException refused) {
      printProblems(refused.problems(), err);
    } else {
      err.println("drey: " + message(refusal.orElse(failure)));
    }
    if (verbose) {
      failure.printStackTrace(err);
    } else if (refusal.isEmpty()) {
      err.println("      --verbose shows where it happened");
    }
    return refusal.isPresent() ? ExitCode.REFUSED : ExitCode.FAILED;
  }

  private static void printProblems(List<String> problems, PrintWriter err) {
    if (problems.size() == 1) {
      err.println("drey: " + problems.get(0));
      return;
    }
    err.println("drey: " + problems.size() + " problems");
    problems.forEach(p -> err.println("  - " + p));
  }

  /** The refusal behind a failure; a failed job wraps it several times. */
  private static Optional<Throwable> find(Throwable failure) {
    @Nullable Throwable cause = failure;
    while (cause != null) {
      Throwable candidate = cause;
      if (REFUSALS.stream().anyMatch(type -> type.isInstance(candidate))) {
        return Optional.of(candidate);
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }

  private static String message(Throwable failure) {
    if (failure instanceof JobFailedException) {
      Throwable root = failure;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      return root == failure
          ? String.valueOf(failure.getMessage())
          : "%s: %s; the same command goes on from the last checkpoint"
              .formatted(failure.getMessage(), describe(root));
    }
    return failure instanceof IncompleteRunException
        ? "the output is not complete: " + failure.getMessage()
        : describe(failure);
  }

  private static String describe(Throwable failure) {
    @Nullable String text = failure.getMessage();
    return text == null || text.isBlank()
        ? failure.getClass().getSimpleName()
        : failure instanceof RuntimeException && !isOurs(failure)
            ? failure.getClass().getSimpleName() + ": " + text
            : text;
  }

  private static boolean isOurs(Throwable failure) {
    return failure.getClass().getName().startsWith("dev.drey.");
  }
}
