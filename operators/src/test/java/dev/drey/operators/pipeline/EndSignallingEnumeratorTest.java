package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.ListSource.Split;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.junit.jupiter.api.Test;

/** The wrapped enumerator is one that, rebuilt from state, never announces the end. */
class EndSignallingEnumeratorTest {
  private final FakeContext context = new FakeContext();
  private final ListSource source = new ListSource(2, 1, true, (p, o) -> "");

  private SplitEnumerator<Split, List<Split>> restored(Split... pending) throws Exception {
    SplitEnumerator<Split, List<Split>> enumerator =
        new GatedSource<>(source, dev.drey.operators.records.SourceRecord.TYPE, true)
            .restoreEnumerator(context, List.of(pending));
    enumerator.start();
    return enumerator;
  }

  private void register(SplitEnumerator<?, ?> enumerator, int reader) {
    context.readers.put(reader, new ReaderInfo(reader, "here"));
    enumerator.addReader(reader);
  }

  @Test
  void readersThatRegisteredBeforeTheDiscoveryAreToldAfterIt() throws Exception {
    SplitEnumerator<Split, List<Split>> enumerator = restored();
    register(enumerator, 0);
    assertThat(context.events).isEmpty();
    context.runCalls();
    assertThat(context.events).containsExactly("end 0");
  }

  @Test
  void readersThatRegisterLaterAreToldAfterTheirSplits() throws Exception {
    SplitEnumerator<Split, List<Split>> enumerator = restored(new Split(1, 0));
    context.runCalls();
    register(enumerator, 1);
    assertThat(context.events).containsExactly("assign p1 to 1", "end 1");
  }

  @Test
  void aReaderIsToldOncePerRegistration() throws Exception {
    SplitEnumerator<Split, List<Split>> enumerator = restored();
    register(enumerator, 0);
    context.runCalls();
    enumerator.addSplitsBack(List.of(new Split(0, 0)), 0);
    register(enumerator, 0);
    assertThat(context.events).containsExactly("end 0", "assign p0 to 0", "end 0");
  }

  @Test
  void nothingIsAnnouncedWhileADiscoveryGoesOnOrHasFailed() throws Exception {
    SplitEnumeratorContext<Split> watching =
        new DiscoveryWatchingContext<>(context, new EndSignallingEnumerator.Signals<>(context));
    context.readers.put(0, new ReaderInfo(0, "here"));
    watching.callAsync(
        () -> "first", (found, failure) -> watching.callAsync(() -> fail(), (again, second) -> {}));
    context.runCalls();
    assertThat(context.events).isEmpty();
  }

  private static String fail() throws Exception {
    throw new Exception("discovery failed");
  }

  /** Runs calls when told to, in the calling thread; notes what is assigned and announced. */
  private static final class FakeContext implements SplitEnumeratorContext<Split> {
    private final Map<Integer, ReaderInfo> readers = new HashMap<>();
    private final List<String> events = new ArrayList<>();
    private final Deque<Runnable> calls = new ArrayDeque<>();

    void runCalls() {
      while (!calls.isEmpty()) {
        calls.removeFirst().run();
      }
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
      calls.addLast(() -> call(callable, handler));
    }

    @SuppressWarnings("NullAway") // Flink hands over null for what is not there
    private static <T> void call(Callable<T> callable, BiConsumer<T, Throwable> handler) {
      T result;
      try {
        result = callable.call();
      } catch (Exception e) {
        handler.accept(null, e);
        return;
      }
      handler.accept(result, null);
    }

    @Override
    public <T> void callAsync(
        Callable<T> callable, BiConsumer<T, Throwable> handler, long delay, long period) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void assignSplits(SplitsAssignment<Split> assignment) {
      assignment
          .assignment()
          .forEach(
              (reader, splits) ->
                  splits.forEach(s -> events.add("assign " + s.splitId() + " to " + reader)));
    }

    @Override
    public void signalNoMoreSplits(int subtask) {
      events.add("end " + subtask);
    }

    @Override
    public SplitEnumeratorMetricGroup metricGroup() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void sendEventToSourceReader(int subtaskId, SourceEvent event) {}

    @Override
    public int currentParallelism() {
      return 2;
    }

    @Override
    public Map<Integer, ReaderInfo> registeredReaders() {
      return readers;
    }

    @Override
    public void runInCoordinatorThread(Runnable runnable) {
      runnable.run();
    }
  }
}
