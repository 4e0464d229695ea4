package dev.drey.jobs.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.records.SourceRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.UserCodeClassLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A reader keeps lines coming, so that no step goes without a row it could have had. */
@SuppressWarnings("try") // closing a reader throws anything
@Timeout(30)
class LineSourceTest {
  private static final int LINES = 40;

  @TempDir private Path directory;

  @Test
  void theNextSplitIsAskedForWhenHalfOfTheLastHasPassed() throws Exception {
    AskingContext context = new AskingContext();
    Counted out = new Counted();
    LineSource source = new LineSource(List.of(file()), LINES, 1 << 10);
    try (SourceReader<SourceRecord, LineSplit> reader = source.createReader(context)) {
      reader.start();
      assertThat(context.asked).isEqualTo(1);
      reader.addSplits(List.of(split(0, LINES / 2)));
      read(reader, out, LINES / 4 - 1);
      assertThat(context.asked).isEqualTo(1);
      read(reader, out, LINES / 4 + 1);
      assertThat(context.asked).isEqualTo(2);

      reader.addSplits(List.of(split(LINES / 2, LINES)));
      read(reader, out, LINES / 2);
      assertThat(context.asked).as("two splits are enough").isEqualTo(2);
      read(reader, out, LINES);
      assertThat(context.asked).isEqualTo(3);
      assertThat(reader.snapshotState(1)).allMatch(split -> split.offset() == split.end());
    }
  }

  @Test
  void theLastLinesComeTogetherWithTheEndOfTheirSplit() throws Exception {
    LineSplit split = split(0, 16);
    LineSplitReader reader = new LineSplitReader(1 << 10);
    try {
      reader.handleSplitsChanges(new SplitsAddition<>(List.of(split)));
      RecordsWithSplitIds<Line> batch = reader.fetch();
      assertThat(batch.finishedSplits()).containsExactly(split.splitId());
      assertThat(batch.nextSplit()).isEqualTo(split.splitId());
      for (int line = 0; line < 16; line++) {
        assertThat(batch.nextRecordFromSplit()).isNotNull();
      }
      assertThat(batch.nextRecordFromSplit()).isNull();
    } finally {
      reader.close();
    }
  }

  /** Polls until so many records have come in all. */
  private static void read(SourceReader<SourceRecord, LineSplit> reader, Counted out, int records)
      throws Exception {
    while (out.records < records) {
      if (reader.pollNext(out) == InputStatus.NOTHING_AVAILABLE) {
        reader.isAvailable().get();
      }
    }
  }

  private InputFile file() throws Exception {
    Path file = directory.resolve("lines");
    if (!Files.exists(file)) {
      Files.writeString(
          file,
          IntStream.range(0, LINES)
              .mapToObj("line %03d\n"::formatted)
              .collect(Collectors.joining()),
          UTF_8);
    }
    return new InputFile(
        "lines",
        file.toUri().toString(),
        Files.size(file),
        Files.getLastModifiedTime(file).toMillis());
  }

  private LineSplit split(int fromLine, int toLine) throws Exception {
    long lineBytes = "line 000\n".length();
    return new LineSplit(file(), toLine * lineBytes, fromLine * lineBytes, fromLine);
  }

  /** Counts what is emitted. */
  private static final class Counted implements ReaderOutput<SourceRecord> {
    private int records;

    @Override
    public void collect(SourceRecord record) {
      records++;
    }

    @Override
    public void collect(SourceRecord record, long timestamp) {
      records++;
    }

    @Override
    public SourceOutput<SourceRecord> createOutputForSplit(String splitId) {
      return this;
    }

    @Override
    public void releaseOutputForSplit(String splitId) {}

    @Override
    public void emitWatermark(Watermark watermark) {}

    @Override
    public void markIdle() {}

    @Override
    public void markActive() {}
  }

  /** Counts how often the reader asks for a split. */
  private static final class AskingContext implements SourceReaderContext {
    private int asked;

    @Override
    public void sendSplitRequest() {
      asked++;
    }

    @Override
    public SourceReaderMetricGroup metricGroup() {
      return UnregisteredMetricsGroup.createSourceReaderMetricGroup();
    }

    @Override
    public Configuration getConfiguration() {
      return new Configuration();
    }

    @Override
    public String getLocalHostName() {
      return "localhost";
    }

    @Override
    public int getIndexOfSubtask() {
      return 0;
    }

    @Override
    public void sendSourceEventToCoordinator(SourceEvent event) {
      throw new AssertionError("a line reader sends no events");
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
      throw new AssertionError("a line reader loads no classes");
    }
  }
}
