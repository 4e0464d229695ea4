package dev.drey.runtime.safetensors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * The directory of a model, and the rule that nothing outside it is opened: file names come from
 * files that strangers wrote, so a name may hold no separator, and what a link points to must lie
 * in the directory as well.
 *
 * <p>One layout of links is legal besides: in the download cache of the Hugging Face hub a model is
 * {@code snapshots/<revision>/}, and its files are links into {@code ../../blobs/}.
 */
public final class ModelDirectory {
  /** A read goes through native memory of its own size. */
  private static final int CHUNK_BYTES = 1 << 20;

  private static final String ADVICE = "Give the directory that holds config.json.";

  private final Path directory;
  private final List<Path> roots;

  private ModelDirectory(Path directory, List<Path> roots) {
    this.directory = directory;
    this.roots = roots;
  }

  /**
   * Looks at a directory.
   *
   * @throws ModelFileException if it is not there or not a directory
   */
  public static ModelDirectory open(Path directory) {
    if (Files.notExists(directory)) {
      throw ModelFileException.unreadable(
          directory, null, "a model's directory", "nothing there", ADVICE, null);
    }
    try {
      if (!Files.readAttributes(directory, BasicFileAttributes.class).isDirectory()) {
        throw ModelFileException.of(
            directory, null, "a model's directory", "something that is not a directory", ADVICE);
      }
      Path real = directory.toRealPath();
      List<Path> roots = new ArrayList<>(List.of(real));
      Path snapshots = real.getParent();
      if (snapshots != null && snapshots.endsWith("snapshots")) {
        // Itself a link it could lead anywhere, and with it every file.
        Path blobs = snapshots.resolveSibling("blobs");
        if (Files.isDirectory(blobs, LinkOption.NOFOLLOW_LINKS)) {
          roots.add(blobs);
        }
      }
      return new ModelDirectory(directory, List.copyOf(roots));
    } catch (IOException e) {
      throw ModelFileException.unreadable(
          directory, null, "a readable directory", e.toString(), "Check its permissions.", e);
    }
  }

  /** The directory as it was given. */
  public Path path() {
    return directory;
  }

  /** Whether there is an entry of this plain name, whatever it is. */
  public boolean has(String name) {
    return Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * A file of the directory.
   *
   * @param name a plain file name
   * @throws ModelFileException if the name is not plain, if there is no such regular file, or if it
   *     is a link to one outside
   */
  public Path file(String name) {
    requirePlain(name);
    Path file = directory.resolve(name);
    Path real;
    try {
      real = file.toRealPath();
    } catch (IOException e) {
      throw ModelFileException.unreadable(
          file, null, "a file", "none (" + e + ")", "Fetch the model's missing file.", e);
    }
    if (roots.stream().noneMatch(real::startsWith)) {
      throw ModelFileException.of(
          file,
          null,
          "a file inside the model's directory",
          "a link to " + real,
          "Replace the link by the file, if you trust what it points to.");
    }
    if (!Files.isRegularFile(real)) {
      throw ModelFileException.of(
          file, null, "a regular file", "a directory or device", "Fetch the file again.");
    }
    return file;
  }

  /**
   * As {@link #file(String)}, of a kind that is never large.
   *
   * @throws ModelFileException also if it is larger than {@code maxBytes}
   */
  public Path file(String name, int maxBytes) {
    Path file = file(name);
    bytesOf(file, maxBytes);
    return file;
  }

  private static int bytesOf(Path file, int maxBytes) {
    try {
      long bytes = Files.size(file);
      if (bytes > maxBytes) {
        throw ModelFileException.of(
            file,
            null,
            "at most " + maxBytes + " bytes",
            bytes + " bytes",
            "No known model has a file of this kind so large; check where it comes from.");
      }
      return (int) bytes;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * The whole content of a small file of the directory.
   *
   * @throws ModelFileException if there is no such file, if it is larger than {@code maxBytes}, or
   *     if its size changes while it is read
   */
  public byte[] read(String name, int maxBytes) {
    Path file = file(name);
    byte[] content = new byte[bytesOf(file, maxBytes)];
    try (var in = Files.newInputStream(file)) {
      int done = 0;
      int count = 1;
      while (count > 0) {
        count = in.readNBytes(content, done, Math.min(CHUNK_BYTES, content.length - done));
        done += count;
      }
      if (done < content.length || in.read() >= 0) {
        throw ModelFileException.of(
            file,
            null,
            "the " + content.length + " bytes it had a moment ago",
            Files.size(file) + " bytes",
            "Something is writing the file; wait until the model is complete.");
      }
      return content;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static ModelFileException unreadable(Path file, IOException e) {
    return ModelFileException.unreadable(
        file, null, "a readable file", e.toString(), "Check the disk and permissions.", e);
  }

  /**
   * Checks a file name that came from a file, before anything is opened by it.
   *
   * @throws ModelFileException if it is anything but printable ASCII without separators
   */
  void requirePlain(String name) {
    boolean plain =
        !name.isEmpty()
            && name.length() <= 255
            && !name.startsWith(".")
            && name.chars()
                .allMatch(c -> c >= ' ' && c <= '~' && c != '/' && c != '\\' && c != ':');
    if (!plain) {
      throw ModelFileException.of(
          directory,
          "file name " + ModelFileException.quote(name),
          "a plain file name inside the model's directory",
          "a path, or characters that no published model uses",
          "Do not use this model: its index points outside its directory.");
    }
  }
}
