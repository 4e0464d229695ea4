package dev.drey.operators.testing;

import dev.drey.operators.records.SourceRecord;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Records from a function, in partitions, as the Kafka connector delivers them: partition to reader
 * by number, and an enumerator that, rebuilt from state, forgets to announce the end.
 *
 * @param partitions number of partitions
 * @param perPartition records in each
 * @param bounded whether the input ends after them
 * @param values value of a record
 */
public record ListSource(int partitions, long perPartition, boolean bounded, Values values)
    implements Source<SourceRecord, ListSource.Split, List<ListSource.Split>> {
  /** Value of a record by its place. */
  public interface Values extends Serializable {
    /** The text of the value. */
    String at(int partition, long offset);
  }

  /**
   * A partition from an offset on.
   *
   * @param next offset of the next record
   */
  public record Split(int partition, long next) implements SourceSplit {
    @Override
    public String splitId() {
      return "p" + partition;
    }
  }

  @Override
  public Boundedness getBoundedness() {
    return bounded ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SplitEnumerator<Split, List<Split>> createEnumerator(
      SplitEnumeratorContext<Split> context) {
    List<Split> all = new ArrayList<>();
    for (int partition = 0; partition < partitions; partition++) {
      all.add(new Split(partition, 0));
    }
    return new Enumerator(context, all, bounded);
  }

  @Override
  public SplitEnumerator<Split, List<Split>> restoreEnumerator(
      SplitEnumeratorContext<Split> context, List<Split> pending) {
    return new Enumerator(context, pending, false);
  }

  @Override
  public SourceReader<SourceRecord, Split> createReader(SourceReaderContext context) {
    return new Reader();
  }

  @Override
  public SimpleVersionedSerializer<Split> getSplitSerializer() {
    return new SplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<List<Split>> getEnumeratorCheckpointSerializer() {
    return new PendingSerializer();
  }

  private static final class Enumerator implements SplitEnumerator<Split, List<Split>> {
    private final SplitEnumeratorContext<Split> context;
    private final List<Split> pending;
    private final boolean announcesEnd;
    private boolean discovered;

    Enumerator(SplitEnumeratorContext<Split> context, List<Split> pending, boolean announcesEnd) {
      this.context = context;
      this.pending = new ArrayList<>(pending);
      this.announcesEnd = announcesEnd;
    }

    @Override
    public void start() {
      context.callAsync(
          () -> "discovery",
          (found, failure) -> {
            discovered = true;
            List.copyOf(context.registeredReaders().keySet()).forEach(this::serve);
          });
    }

    @Override
    public void addReader(int reader) {
      if (discovered) {
        serve(reader);
      }
    }

    private void serve(int reader) {
      int readers = context.currentParallelism();
      for (Split split : List.copyOf(pending)) {
        if (split.partition() % readers == reader) {
          context.assignSplit(split, reader);
          pending.remove(split);
        }
      }
      if (announcesEnd) {
        context.signalNoMoreSplits(reader);
      }
    }

    @Override
    public void handleSplitRequest(int reader, @Nullable String host) {}

    @Override
    public void addSplitsBack(List<Split> splits, int reader) {
      pending.addAll(splits);
    }

    @Override
    public List<Split> snapshotState(long checkpointId) {
      return new ArrayList<>(pending);
    }

    @Override
    public void close() {}
  }

  private final class Reader implements SourceReader<SourceRecord, Split> {
    private final Deque<Split> splits = new ArrayDeque<>();
    private boolean noMoreSplits;
    private CompletableFuture<Void> available = new CompletableFuture<>();

    @Override
    public void start() {}

    @Override
    public InputStatus pollNext(ReaderOutput<SourceRecord> output) {
      for (int i = splits.size(); i > 0; i--) {
        Split split = splits.removeFirst();
        if (split.next() < perPartition) {
          splits.addLast(new Split(split.partition(), split.next() + 1));
          output.collect(record(split.partition(), split.next()));
          return InputStatus.MORE_AVAILABLE;
        }
        splits.addLast(split);
      }
      if (noMoreSplits && bounded) {
        return InputStatus.END_OF_INPUT;
      }
      available = new CompletableFuture<>();
      return InputStatus.NOTHING_AVAILABLE;
    }

    private SourceRecord record(int partition, long offset) {
      byte[] value = values.at(partition, offset).getBytes(StandardCharsets.UTF_8);
      byte[] key = ("k" + offset).getBytes(StandardCharsets.UTF_8);
      return new SourceRecord(key, value, List.of(), "list", partition, offset, 1000 + offset);
    }

    @Override
    public List<Split> snapshotState(long checkpointId) {
      return List.copyOf(splits);
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return available;
    }

    @Override
    public void addSplits(List<Split> added) {
      splits.addAll(added);
      available.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {
      noMoreSplits = true;
      available.complete(null);
    }

    @Override
    public void close() {}
  }

  private static final class SplitSerializer implements SimpleVersionedSerializer<Split> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(Split split) {
      return ByteBuffer.allocate(12).putInt(split.partition()).putLong(split.next()).array();
    }

    @Override
    public Split deserialize(int version, byte[] serialized) {
      ByteBuffer in = ByteBuffer.wrap(serialized);
      return new Split(in.getInt(), in.getLong());
    }
  }

  private static final class PendingSerializer implements SimpleVersionedSerializer<List<Split>> {
    private final SplitSerializer one = new SplitSerializer();

    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(List<Split> splits) {
      ByteBuffer out = ByteBuffer.allocate(4 + 12 * splits.size()).putInt(splits.size());
      splits.forEach(split -> out.put(one.serialize(split)));
      return out.array();
    }

    @Override
    public List<Split> deserialize(int version, byte[] serialized) throws IOException {
      ByteBuffer in = ByteBuffer.wrap(serialized);
      List<Split> splits = new ArrayList<>();
      for (int count = in.getInt(); count > 0; count--) {
        splits.add(new Split(in.getInt(), in.getLong()));
      }
      return splits;
    }
  }
}
