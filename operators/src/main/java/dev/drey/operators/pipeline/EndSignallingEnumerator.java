package dev.drey.operators.pipeline;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.util.function.FunctionWithException;
import org.jspecify.annotations.Nullable;

/**
 * An enumerator that tells the readers of a bounded source that no more splits come, where the
 * wrapped one forgets to.
 *
 * <p>The Kafka connector's enumerator, rebuilt from a savepoint or a retained checkpoint, finds no
 * change of partitions and returns without a signal, so that a bounded job never ends. It discovers
 * through one asynchronous call that may start another; once such a call has been handled without
 * starting one, its splits are all assigned to the readers that are there. From then on each reader
 * gets the signal once per registration, after the wrapped enumerator has handed it its splits.
 *
 * <p>Only right for enumerators that hand a registering reader everything it will ever get. Runs in
 * the coordinator's thread.
 */
final class EndSignallingEnumerator<S extends SourceSplit, E> implements SplitEnumerator<S, E> {
  private final SplitEnumerator<S, E> enumerator;
  private final Signals<S> signals;

  private EndSignallingEnumerator(SplitEnumerator<S, E> enumerator, Signals<S> signals) {
    this.enumerator = enumerator;
    this.signals = signals;
  }

  /** Wraps the enumerator that {@code restore} builds on the context it is given. */
  static <S extends SourceSplit, E> SplitEnumerator<S, E> around(
      SplitEnumeratorContext<S> context,
      FunctionWithException<SplitEnumeratorContext<S>, SplitEnumerator<S, E>, Exception> restore)
      throws Exception {
    Signals<S> signals = new Signals<>(context);
    return new EndSignallingEnumerator<>(
        restore.apply(new DiscoveryWatchingContext<>(context, signals)), signals);
  }

  /** Which readers know that no more splits come. */
  static final class Signals<S extends SourceSplit> {
    private final SplitEnumeratorContext<S> context;
    private final Set<Integer> told = new HashSet<>();
    private boolean discovered;

    Signals(SplitEnumeratorContext<S> context) {
      this.context = context;
    }

    void tell(int reader) {
      if (told.add(reader)) {
        context.signalNoMoreSplits(reader);
      }
    }

    void registered(int reader) {
      if (discovered) {
        tell(reader);
      }
    }

    void forget(int reader) {
      told.remove(reader);
    }

    void discoveryEnded() {
      discovered = true;
      List.copyOf(context.registeredReaders().keySet()).forEach(this::tell);
    }
  }

  @Override
  public void start() {
    enumerator.start();
  }

  @Override
  public void addReader(int subtaskId) {
    signals.forget(subtaskId);
    enumerator.addReader(subtaskId);
    signals.registered(subtaskId);
  }

  @Override
  public void handleSplitRequest(int subtaskId, @Nullable String requesterHostname) {
    enumerator.handleSplitRequest(subtaskId, requesterHostname);
  }

  @Override
  public void addSplitsBack(List<S> splits, int subtaskId) {
    enumerator.addSplitsBack(splits, subtaskId);
  }

  @Override
  public E snapshotState(long checkpointId) throws Exception {
    return enumerator.snapshotState(checkpointId);
  }

  @Override
  public void handleSourceEvent(int subtaskId, SourceEvent event) {
    enumerator.handleSourceEvent(subtaskId, event);
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    enumerator.notifyCheckpointComplete(checkpointId);
  }

  @Override
  public void notifyCheckpointAborted(long checkpointId) throws Exception {
    enumerator.notifyCheckpointAborted(checkpointId);
  }

  @Override
  public void close() throws IOException {
    enumerator.close();
  }
}
