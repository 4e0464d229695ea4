package dev.drey.jobs.files;

import java.util.List;

/**
 * Where the enumerator stands: everything before it is in splits that readers own, everything from
 * it on is not.
 *
 * @param files all input files, in order
 * @param file index of the file to go on with; {@code files.size()} behind the last
 * @param offset position of the next line in that file
 * @param line number of that line, from 0
 * @param returned splits that came back from failed readers
 */
public record LinePosition(
    List<InputFile> files, int file, long offset, long line, List<LineSplit> returned) {
  public LinePosition {
    files = List.copyOf(files);
    returned = List.copyOf(returned);
  }

  /** Before the first line of the first file. */
  static LinePosition start(List<InputFile> files) {
    return new LinePosition(files, 0, 0, 0, List.of());
  }
}
