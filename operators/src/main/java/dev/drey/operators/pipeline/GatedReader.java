package dev.drey.operators.pipeline;

import dev.drey.operators.slot.AdmissionGate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.InputStatus;

/** The reader of a {@link GatedSource}: the wrapped reader behind the task's gate. */
@SuppressWarnings("try") // closing throws what the wrapped reader's close throws: anything
final class GatedReader<T, S extends SourceSplit> implements SourceReader<T, S> {
  private static final String ATTEMPT_VARIABLE = "<task_attempt_id>";

  private final SourceReader<T, S> reader;
  private final AdmissionGate.End end;
  private final AdmissionGate gate;
  private boolean ended;

  private GatedReader(SourceReader<T, S> reader, AdmissionGate.End end) {
    this.reader = reader;
    this.end = end;
    this.gate = end.gate();
  }

  static <T, S extends SourceSplit> GatedReader<T, S> open(
      Source<T, S, ?> source, SourceReaderContext context) throws Exception {
    AdmissionGate.End end = AdmissionGate.open(attemptOf(context.metricGroup().getAllVariables()));
    try {
      return new GatedReader<>(source.createReader(context), end);
    } catch (Exception | Error failure) {
      end.close();
      throw failure;
    }
  }

  /** The id that operators of one task attempt, and only they, have in common. */
  static String attemptOf(Map<String, String> metricVariables) {
    String attempt = metricVariables.get(ATTEMPT_VARIABLE);
    if (attempt == null) {
      throw new IllegalStateException(
          "expected the metric variable %s of a task, found only %s"
              .formatted(ATTEMPT_VARIABLE, metricVariables.keySet()));
    }
    return attempt;
  }

  @Override
  public void start() {
    reader.start();
  }

  @Override
  public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
    if (!gate.isAttached()) {
      throw new IllegalStateException(
          "the gated source runs in a task without a decode head: it must be chained to the head"
              + " (same parallelism, forward edges, pipeline.operator-chaining.enabled: true)");
    }
    if (!ended) {
      if (!gate.hasRoom()) {
        return InputStatus.NOTHING_AVAILABLE;
      }
      InputStatus status = reader.pollNext(output);
      if (status != InputStatus.END_OF_INPUT) {
        return status;
      }
      ended = true;
    }
    return gate.isEmpty() ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    if (ended) {
      return gate.isEmpty() ? CompletableFuture.completedFuture(null) : gate.nextOpening();
    }
    return gate.isAttached() && !gate.hasRoom() ? gate.nextOpening() : reader.isAvailable();
  }

  @Override
  public List<S> snapshotState(long checkpointId) {
    return reader.snapshotState(checkpointId);
  }

  @Override
  public void addSplits(List<S> splits) {
    reader.addSplits(splits);
  }

  @Override
  public void notifyNoMoreSplits() {
    reader.notifyNoMoreSplits();
  }

  @Override
  public void handleSourceEvents(SourceEvent event) {
    reader.handleSourceEvents(event);
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    reader.notifyCheckpointComplete(checkpointId);
  }

  @Override
  public void notifyCheckpointAborted(long checkpointId) throws Exception {
    reader.notifyCheckpointAborted(checkpointId);
  }

  @Override
  public void pauseOrResumeSplits(Collection<String> toPause, Collection<String> toResume) {
    reader.pauseOrResumeSplits(toPause, toResume);
  }

  @Override
  public void close() throws Exception {
    try {
      reader.close();
    } finally {
      end.close();
    }
  }
}
