package dev.drey.jobs.files;

import dev.drey.operators.records.SourceRecord;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The lines of some files, each a record with its raw bytes, the file's name and the line's number.
 * Bounded by the files' lengths when the job first starts; a checkpoint holds the position of every
 * reader to the line.
 */
public final class LineSource
    implements Source<SourceRecord, LineSplit, LinePosition>, ResultTypeQueryable<SourceRecord> {
  private static final long serialVersionUID = 1L;

  private final List<InputFile> files;
  private final int linesPerSplit;
  private final int maxLineBytes;

  /**
   * @param files what to read, in order; see {@link InputFiles}
   * @param linesPerSplit lines a reader gets at once
   * @param maxLineBytes bytes kept of a line
   */
  public LineSource(List<InputFile> files, int linesPerSplit, int maxLineBytes) {
    this.files = List.copyOf(files);
    this.linesPerSplit = linesPerSplit;
    this.maxLineBytes = maxLineBytes;
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.BOUNDED;
  }

  @Override
  public SplitEnumerator<LineSplit, LinePosition> createEnumerator(
      SplitEnumeratorContext<LineSplit> context) {
    return restoreEnumerator(context, LinePosition.start(files));
  }

  @Override
  public SplitEnumerator<LineSplit, LinePosition> restoreEnumerator(
      SplitEnumeratorContext<LineSplit> context, LinePosition position) {
    return new LineEnumerator(context, position, linesPerSplit);
  }

  @Override
  public SourceReader<SourceRecord, LineSplit> createReader(SourceReaderContext context) {
    return new Reader(context, maxLineBytes);
  }

  @Override
  public SimpleVersionedSerializer<LineSplit> getSplitSerializer() {
    return new LineSplits.SplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<LinePosition> getEnumeratorCheckpointSerializer() {
    return new LineSplits.PositionSerializer();
  }

  @Override
  public TypeInformation<SourceRecord> getProducedType() {
    return SourceRecord.TYPE;
  }

  /** How far a split was handed on. */
  private static final class Progress {
    private final LineSplit split;
    private long offset;
    private long line;

    Progress(LineSplit split) {
      this.split = split;
      this.offset = split.offset();
      this.line = split.line();
    }

    void passed(Line read) {
      offset = read.endOffset();
      line = read.record().offset() + 1;
    }

    boolean isHalfway() {
      return offset - split.offset() >= split.end() - offset;
    }

    LineSplit rest() {
      return new LineSplit(split.file(), split.end(), offset, line);
    }
  }

  /**
   * Emits what the fetcher read. The next split is asked for when half of the last one has passed,
   * so that the way to the enumerator and back costs no step its rows, and a reader that has
   * nothing to do keeps nothing from the others.
   */
  @SuppressWarnings("try") // close() of the base class declares every exception
  private static final class Reader
      extends SingleThreadMultiplexSourceReaderBase<Line, SourceRecord, LineSplit, Progress> {
    private final Requests requests;

    Reader(SourceReaderContext context, int maxLineBytes) {
      this(context, maxLineBytes, new Requests(context));
    }

    private Reader(SourceReaderContext context, int maxLineBytes, Requests requests) {
      super(
          () -> new LineSplitReader(maxLineBytes),
          (read, output, progress) -> {
            output.collect(read.record());
            progress.passed(read);
            if (progress.isHalfway()) {
              requests.askForSecond();
            }
          },
          context.getConfiguration(),
          context);
      this.requests = requests;
    }

    @Override
    public void start() {
      requests.askForFirst();
    }

    @Override
    public void addSplits(List<LineSplit> splits) {
      requests.answered(splits.size());
      super.addSplits(splits);
    }

    @Override
    protected void onSplitFinished(Map<String, Progress> finished) {
      requests.finished(finished.size());
      requests.askForFirst();
    }

    @Override
    protected Progress initializedState(LineSplit split) {
      return new Progress(split);
    }

    @Override
    protected LineSplit toSplitType(String splitId, Progress progress) {
      return progress.rest();
    }
  }

  /** What a reader has and has asked for: two splits at most, one request at a time. */
  private static final class Requests {
    private final SourceReaderContext context;
    private int held;
    private boolean asked;

    Requests(SourceReaderContext context) {
      this.context = context;
    }

    void askForFirst() {
      ask(0);
    }

    void askForSecond() {
      ask(1);
    }

    private void ask(int mostHeld) {
      if (!asked && held <= mostHeld) {
        asked = true;
        context.sendSplitRequest();
      }
    }

    void answered(int splits) {
      held += splits;
      asked = false;
    }

    void finished(int splits) {
      held -= splits;
    }
  }
}
