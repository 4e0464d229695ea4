package dev.drey.jobs.files;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.util.FlinkRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the files into splits of a few lines, one at a time when a reader asks, so that replicas
 * share one file evenly and nobody has to know its lines beforehand.
 *
 * <p>Threading: everything runs in the coordinator's thread except {@link #cut}, which reads the
 * file in the context's worker and depends on nothing but its arguments. At most one cut is under
 * way; its outcome moves the position, so a snapshot taken meanwhile simply repeats it.
 *
 * <p>Failure: a file that cannot be read, or is not the file it was, fails the job.
 */
final class LineEnumerator implements SplitEnumerator<LineSplit, LinePosition> {
  private static final int MAX_SPLIT_BYTES = 1 << 20;

  private final SplitEnumeratorContext<LineSplit> context;
  private final List<InputFile> files;
  private final int linesPerSplit;
  private final Deque<LineSplit> returned;
  private final Set<Integer> waiting = new LinkedHashSet<>();
  private int file;
  private long offset;
  private long line;
  private boolean cutting;

  LineEnumerator(
      SplitEnumeratorContext<LineSplit> context, LinePosition position, int linesPerSplit) {
    this.context = context;
    this.files = position.files();
    this.linesPerSplit = linesPerSplit;
    this.returned = new ArrayDeque<>(position.returned());
    this.file = position.file();
    this.offset = position.offset();
    this.line = position.line();
  }

  @Override
  public void start() {}

  @Override
  public void handleSplitRequest(int subtask, @Nullable String host) {
    waiting.add(subtask);
    serve();
  }

  @Override
  public void addSplitsBack(List<LineSplit> splits, int subtask) {
    waiting.remove(subtask);
    returned.addAll(splits);
    serve();
  }

  @Override
  public void addReader(int subtask) {}

  private void serve() {
    waiting.removeIf(subtask -> !context.registeredReaders().containsKey(subtask));
    while (!waiting.isEmpty() && !returned.isEmpty()) {
      context.assignSplit(returned.remove(), takeWaiting());
    }
    if (waiting.isEmpty() || cutting) {
      return;
    }
    while (file < files.size() && offset == files.get(file).length()) {
      file++;
      offset = 0;
      line = 0;
    }
    if (file == files.size()) {
      waiting.forEach(context::signalNoMoreSplits);
      waiting.clear();
      return;
    }
    cutting = true;
    InputFile from = files.get(file);
    long start = offset;
    long number = line;
    context.callAsync(() -> cut(from, start, number), this::cutDone);
  }

  private int takeWaiting() {
    int subtask = waiting.iterator().next();
    waiting.remove(subtask);
    return subtask;
  }

  private Cut cut(InputFile from, long start, long number) throws IOException {
    try (LineReader lines = new LineReader(from.open(start), start, number, from.length(), 0)) {
      long count = 0;
      while (count < linesPerSplit && lines.endOffset() - start < MAX_SPLIT_BYTES && lines.next()) {
        count++;
      }
      return new Cut(new LineSplit(from, lines.endOffset(), start, number), number + count);
    }
  }

  private void cutDone(@Nullable Cut cut, @Nullable Throwable failure) {
    if (failure != null || cut == null) {
      throw new FlinkRuntimeException("input cannot be read", failure);
    }
    cutting = false;
    offset = cut.split().end();
    line = cut.nextLine();
    returned.add(cut.split());
    serve();
  }

  @Override
  public LinePosition snapshotState(long checkpoint) {
    return new LinePosition(files, file, offset, line, List.copyOf(returned));
  }

  @Override
  public void close() {}

  private record Cut(LineSplit split, long nextLine) {}
}
