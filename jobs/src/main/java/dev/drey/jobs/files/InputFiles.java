package dev.drey.jobs.files;

import dev.drey.jobs.options.RefusedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.jspecify.annotations.Nullable;

/** Finds the input files behind what the user named. */
public final class InputFiles {
  private static final String SUFFIX = ".jsonl";

  private InputFiles() {}

  /**
   * The files, in the order in which their records count: as named, those of a directory by name.
   *
   * @param named files, or directories whose {@code *.jsonl} files are meant
   * @throws RefusedException naming everything that is not there, and files of equal name, which
   *     records could not tell apart
   */
  public static List<InputFile> resolve(List<String> named) {
    List<InputFile> files = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String text : named) {
      try {
        files.addAll(expand(new Path(text)));
      } catch (FileNotFoundException e) {
        problems.add("input %s: there is no such file or directory".formatted(text));
      } catch (IOException | IllegalArgumentException e) {
        problems.add("input %s: %s".formatted(text, e.getMessage()));
      }
    }
    Map<String, InputFile> byName = new HashMap<>();
    for (InputFile file : files) {
      @Nullable InputFile other = byName.put(file.name(), file);
      if (other != null) {
        problems.add(
            "input %s and %s: records name both %s; rename one, or give their common directory"
                .formatted(other.path(), file.path(), file.name()));
      }
    }
    if (!problems.isEmpty()) {
      throw new RefusedException(problems);
    }
    return files;
  }

  private static List<InputFile> expand(Path path) throws IOException {
    FileSystem system = path.getFileSystem();
    Path absolute = path.makeQualified(system);
    FileStatus status = system.getFileStatus(absolute);
    if (!status.isDir()) {
      return List.of(describe(status));
    }
    FileStatus[] entries = system.listStatus(absolute);
    List<InputFile> files =
        Arrays.stream(entries == null ? new FileStatus[0] : entries)
            .filter(s -> !s.isDir() && s.getPath().getName().endsWith(SUFFIX))
            .map(InputFiles::describe)
            .sorted(Comparator.comparing(InputFile::name))
            .toList();
    if (files.isEmpty()) {
      throw new IOException("the directory holds no *" + SUFFIX + " file");
    }
    return files;
  }

  private static InputFile describe(FileStatus status) {
    return new InputFile(
        status.getPath().getName(),
        status.getPath().toString(),
        status.getLen(),
        status.getModificationTime());
  }
}
