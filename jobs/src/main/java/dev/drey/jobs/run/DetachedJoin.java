package dev.drey.jobs.run;

import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.files.ResultJoin;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Joins what a run from files has left that was submitted detached, once its job is FINISHED.
 *
 * <p>Failure: nothing is written before every input line has exactly one committed outcome, so a
 * join that comes too early says what is missing and can be repeated; so can one that was killed.
 */
public final class DetachedJoin {
  private DetachedJoin() {}

  /**
   * Joins.
   *
   * @param output the run's output directory
   * @throws dev.drey.jobs.options.RefusedException if no run has left anything to join there
   * @throws dev.drey.jobs.files.IncompleteRunException if an outcome is missing
   */
  public static ResultJoin.Counts join(Path output) throws IOException {
    Path directory = output.toAbsolutePath().normalize();
    PartsFolder parts = PartsFolder.in(directory);
    SubmittedRun run = SubmittedRun.read(parts);
    ResultJoin.Counts counts = ResultJoin.join(run.inputs(), parts.path(), directory);
    AtomicFile.write(directory.resolve(FileRun.MANIFEST), run.manifest(counts));
    parts.delete();
    return counts;
  }
}
