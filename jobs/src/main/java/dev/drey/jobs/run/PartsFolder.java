package dev.drey.jobs.run;

import dev.drey.jobs.options.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Where the outcomes of a run on a cluster lie until they are joined: a folder in the output
 * directory, with {@link SubmittedRun#FILE} beside the parts.
 *
 * @param path the folder
 */
record PartsFolder(Path path) {
  private static final String NAME = ".drey-parts";

  static PartsFolder in(Path output) {
    return new PartsFolder(output.resolve(NAME));
  }

  /**
   * Makes the folder ready for a job.
   *
   * @param fresh whether to delete what an earlier run has left
   * @param restores whether the job goes on from state, and with that from those outcomes
   * @throws RefusedException if there are outcomes that the job would add to without knowing them
   */
  void prepare(boolean fresh, boolean restores) throws IOException {
    if (fresh) {
      delete();
    } else if (!restores && holdsOutcomes()) {
      throw new RefusedException(
          ("%s holds outcomes of an earlier run, and this one starts without its state: join them"
                  + " with drey join if that run has finished, restore it with flink run -s"
                  + " CHECKPOINT, or start over with --fresh")
              .formatted(path));
    }
    Files.createDirectories(path);
  }

  private boolean holdsOutcomes() throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.anyMatch(entry -> !entry.endsWith(SubmittedRun.FILE));
    }
  }

  void delete() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
