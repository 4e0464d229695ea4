package dev.drey.jobs.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.options.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one run in the own process. Its name comes from what the command means, so that the
 * same command, given again after the process was killed, finds it and goes on.
 *
 * <pre>
 *  .drey-run-&lt;digest&gt;/
 *    lock          held while a process works on the run
 *    meaning.txt   what the digest was taken of
 *    started       the day of the start that checkpoints and parts are of
 *    checkpoints/  Flink's retained checkpoints
 *    parts/        committed and pending part files
 *    finished      written once the job has FINISHED; from then on only the join is left
 * </pre>
 *
 * <p>Ownership: one process at a time, by a lock that dies with it. Closing gives the lock back and
 * leaves the folder; {@link #delete} removes it when nothing is left to do.
 */
public final class RunFolder implements AutoCloseable {
  private static final int DIGEST_DIGITS = 16;
  private static final String METADATA = "_metadata";
  private static final String FINISHED = "finished";
  private static final String STARTED = "started";

  private final Path path;
  private final FileChannel lockFile;
  private final FileLock lock;

  private RunFolder(Path path, FileChannel lockFile, FileLock lock) {
    this.path = path;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * A checkpoint to go on from.
   *
   * @param path its directory
   * @param taken when it was completed
   */
  public record Checkpoint(Path path, Instant taken) {}

  /**
   * Opens the folder of a run, creating it if it is the first of its kind.
   *
   * @param parent where run folders lie
   * @param meaning what the command asks for: runs of equal meaning share a folder
   * @param fresh whether to forget an earlier run
   * @throws RefusedException if another process works on it
   */
  public static RunFolder open(Path parent, List<String> meaning, boolean fresh)
      throws IOException {
    Path path = parent.resolve(".drey-run-" + digest(meaning));
    Files.createDirectories(path);
    FileChannel file =
        FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      RunFolder folder = new RunFolder(path, file, lock(path, file));
      if (fresh) {
        folder.clear(path);
      }
      AtomicFile.write(
          path.resolve("meaning.txt"), (String.join("\n", meaning) + "\n").getBytes(UTF_8));
      Files.createDirectories(folder.parts());
      Files.createDirectories(folder.checkpoints());
      return folder;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static FileLock lock(Path path, FileChannel file) throws IOException {
    @Nullable FileLock lock;
    try {
      lock = file.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new RefusedException(
          "another process is working on this very run (%s); wait for it or stop it"
              .formatted(path));
    }
    return lock;
  }

  private static String digest(List<String> meaning) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (String part : meaning) {
        sha.update(part.getBytes(UTF_8));
        sha.update((byte) 0);
      }
      return HexFormat.of().formatHex(sha.digest()).substring(0, DIGEST_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  /** The folder. */
  public Path path() {
    return path;
  }

  /** Where checkpoints lie. */
  public Path checkpoints() {
    return path.resolve("checkpoints");
  }

  /** Where part files lie. */
  public Path parts() {
    return path.resolve("parts");
  }

  /** The newest complete checkpoint of any earlier process. */
  public Optional<Checkpoint> newestCheckpoint() throws IOException {
    try (Stream<Path> files = Files.walk(checkpoints(), 3)) {
      return files
          .filter(f -> f.getFileName().toString().equals(METADATA))
          .max(Comparator.comparing(RunFolder::modified))
          .map(f -> new Checkpoint(f.resolveSibling(""), modified(f).toInstant()));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * The day on which the run was first started: requests may contain it, so it must not change when
   * a later process goes on.
   *
   * @param today is noted for later processes if there is no checkpoint that one could go on from
   */
  public LocalDate started(LocalDate today) throws IOException {
    Path note = path.resolve(STARTED);
    if (Files.exists(note) && newestCheckpoint().isPresent()) {
      return LocalDate.parse(Files.readString(note));
    }
    AtomicFile.write(note, today.toString().getBytes(UTF_8));
    return today;
  }

  /**
   * Removes what an earlier process has left of a job that no checkpoint goes on from. Outcomes of
   * that job are seen by nobody before the join, and the next job makes all of them again.
   *
   * @return whether there was anything
   */
  public boolean clearParts() throws IOException {
    boolean any;
    try (Stream<Path> files = Files.list(parts())) {
      any = files.findAny().isPresent();
    }
    clear(parts());
    return any;
  }

  private static FileTime modified(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Notes that the job is done, so that nothing but the join is left whatever happens now.
   *
   * @param note what has to be known of the job later
   */
  public void markFinished(String note) throws IOException {
    AtomicFile.write(path.resolve(FINISHED), note.getBytes(UTF_8));
  }

  /** The note of {@link #markFinished}, if the job is done. */
  public Optional<String> finished() throws IOException {
    Path mark = path.resolve(FINISHED);
    return Files.exists(mark) ? Optional.of(Files.readString(mark)) : Optional.empty();
  }

  /** Empties a directory: this one, but for the lock, or one in it. */
  private void clear(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.equals(directory) && !file.equals(path.resolve("lock"))) {
          Files.delete(file);
        }
      }
    }
  }

  /** Removes the folder and everything in it, and closes. */
  public void delete() throws IOException {
    clear(path);
    close();
    Files.deleteIfExists(path.resolve("lock"));
    Files.deleteIfExists(path);
  }

  /** Gives the lock back; a second call does nothing. */
  @Override
  public void close() throws IOException {
    if (lockFile.isOpen()) {
      lock.release();
      lockFile.close();
    }
  }
}
