package dev.drey.runtime.safetensors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
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
    if (!Files.isDirectory(directory)) {
      throw ModelFileException.of(
          directory,
          null,
          "a model's directory",
          Files.exists(directory) ? "something that is not a directory" : "nothing there",
          "Give the directory that holds config.json.");
    }
    try {
      Path real = directory.toRealPath();
      List<Path> roots = new ArrayList<>(List.of(real));
      Path snapshots = real.getParent();
      if (snapshots != null && snapshots.endsWith("snapshots")) {
        Path blobs = snapshots.resolveSibling("blobs");
        if (Files.isDirectory(blobs)) {
          roots.add(blobs.toRealPath());
        }
      }
      return new ModelDirectory(directory, List.copyOf(roots));
    } catch (IOException e) {
      throw ModelFileException.of(
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
      throw ModelFileException.of(
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
   * The whole content of a small file of the directory.
   *
   * @throws ModelFileException if there is no such file or it is larger than {@code maxBytes}
   */
  public byte[] read(String name, int maxBytes) {
    Path file = file(name);
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes);
      if (in.read() >= 0) {
        throw ModelFileException.of(
            file,
            null,
            "at most " + maxBytes + " bytes",
            Files.size(file) + " bytes",
            "No known model has a file of this kind so large; check where it comes from.");
      }
      return bytes;
    } catch (IOException e) {
      throw ModelFileException.of(
          file, null, "a readable file", e.toString(), "Check the disk and permissions.", e);
    }
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
