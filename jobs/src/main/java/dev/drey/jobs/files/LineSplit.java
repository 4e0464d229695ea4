package dev.drey.jobs.files;

import org.apache.flink.api.connector.source.SourceSplit;

/**
 * Some lines of a file, still to be read.
 *
 * @param file the file
 * @param end position behind the last line
 * @param offset position of the next line
 * @param line number of the next line, from 0
 */
public record LineSplit(InputFile file, long end, long offset, long line) implements SourceSplit {
  /** The end tells the splits of a file apart, and stays while lines are read. */
  @Override
  public String splitId() {
    return file.name() + "@" + end;
  }
}
