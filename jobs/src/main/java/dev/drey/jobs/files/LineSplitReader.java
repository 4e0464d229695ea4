package dev.drey.jobs.files;

import dev.drey.operators.records.SourceRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.jspecify.annotations.Nullable;

/** Reads one split after the other, a few lines at a time, in a fetcher thread. */
final class LineSplitReader implements SplitReader<Line, LineSplit> {
  /** Header that says how long a line was that had to be cut. */
  static final String LENGTH_HEADER = "drey.input.bytes";

  private static final int LINES_PER_FETCH = 16;
  private static final int BYTES_PER_FETCH = 1 << 18;

  private final int maxLineBytes;
  private final Queue<LineSplit> splits = new ArrayDeque<>();
  private @Nullable LineSplit current;
  private @Nullable LineReader reader;

  LineSplitReader(int maxLineBytes) {
    this.maxLineBytes = maxLineBytes;
  }

  @Override
  public RecordsWithSplitIds<Line> fetch() throws IOException {
    RecordsBySplits.Builder<Line> batch = new RecordsBySplits.Builder<>();
    LineReader lines = reader;
    LineSplit split = current;
    if (lines == null || split == null) {
      split = splits.poll();
      if (split == null) {
        return batch.build();
      }
      lines =
          new LineReader(
              split.file().open(split.offset()),
              split.offset(),
              split.line(),
              split.end(),
              maxLineBytes);
      current = split;
      reader = lines;
    }
    if (!read(split, lines, batch)) {
      batch.addFinishedSplit(split.splitId());
      closeReader();
    }
    return batch.build();
  }

  /**
   * Reads a few lines; whether there are more. The last lines come together with the split's end:
   * an end by itself would take a turn of the source and give no record for it.
   */
  private static boolean read(
      LineSplit split, LineReader lines, RecordsBySplits.Builder<Line> batch) throws IOException {
    long from = lines.endOffset();
    for (int n = 0; n < LINES_PER_FETCH && lines.endOffset() - from < BYTES_PER_FETCH; n++) {
      if (!lines.next()) {
        return false;
      }
      batch.add(split.splitId(), new Line(record(split, lines), lines.endOffset()));
    }
    return lines.endOffset() < split.end();
  }

  @SuppressWarnings("NullAway") // a nullable array in a record's header is not recognised
  private static SourceRecord record(LineSplit split, LineReader lines) {
    List<SourceRecord.Header> headers = List.of();
    if (lines.isCut()) {
      byte[] length = Long.toString(lines.lineBytes()).getBytes(StandardCharsets.US_ASCII);
      headers = List.of(new SourceRecord.Header(LENGTH_HEADER, length));
    }
    return new SourceRecord(
        null,
        lines.bytes(),
        headers,
        split.file().name(),
        0,
        lines.number(),
        SourceRecord.NO_TIMESTAMP);
  }

  @Override
  public void handleSplitsChanges(SplitsChange<LineSplit> change) {
    splits.addAll(change.splits());
  }

  @Override
  public void wakeUp() {}

  @Override
  public void close() throws IOException {
    closeReader();
  }

  private void closeReader() throws IOException {
    LineReader open = reader;
    reader = null;
    current = null;
    if (open != null) {
      open.close();
    }
  }
}
