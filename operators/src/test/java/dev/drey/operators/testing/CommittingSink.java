package dev.drey.operators.testing;

import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.OutcomeSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Commits outcomes to a world with the checkpoint they belong to, as a transactional sink does. */
public final class CommittingSink
    implements Sink<Outcome>, SupportsCommitter<CommittingSink.Batch> {
  private final String world;

  /**
   * @param world where committed outcomes are kept
   */
  public CommittingSink(ToyWorld world) {
    this.world = world.name();
  }

  /**
   * Outcomes of one subtask between two checkpoints.
   *
   * @param id tells a repeated commit
   */
  public record Batch(String id, List<Outcome> outcomes) {}

  @Override
  public SinkWriter<Outcome> createWriter(WriterInitContext context) {
    return new Writer(world);
  }

  @Override
  public Committer<Batch> createCommitter(CommitterInitContext context) {
    return new WorldCommitter(world);
  }

  @Override
  public SimpleVersionedSerializer<Batch> getCommittableSerializer() {
    return new BatchSerializer();
  }

  private static final class Writer implements CommittingSinkWriter<Outcome, Batch> {
    private final String world;
    private List<Outcome> pending = new ArrayList<>();

    Writer(String world) {
      this.world = world;
    }

    @Override
    public void write(Outcome element, Context context) {
      ToyWorld.named(world).written();
      pending.add(element);
    }

    @Override
    public void flush(boolean endOfInput) {}

    @Override
    public Collection<Batch> prepareCommit() {
      List<Batch> batches = List.of(new Batch(UUID.randomUUID().toString(), pending));
      pending = new ArrayList<>();
      return batches;
    }

    @Override
    public void close() {}
  }

  private record WorldCommitter(String world) implements Committer<Batch> {
    @Override
    public void commit(Collection<CommitRequest<Batch>> requests) {
      for (CommitRequest<Batch> request : requests) {
        Batch batch = request.getCommittable();
        ToyWorld.named(world).commit(batch.id(), batch.outcomes());
      }
    }

    @Override
    public void close() {}
  }

  private static final class BatchSerializer implements SimpleVersionedSerializer<Batch> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(Batch batch) throws IOException {
      DataOutputSerializer out = new DataOutputSerializer(256);
      out.writeUTF(batch.id());
      out.writeInt(batch.outcomes().size());
      for (Outcome outcome : batch.outcomes()) {
        new OutcomeSerializer().serialize(outcome, out);
      }
      return out.getCopyOfBuffer();
    }

    @Override
    public Batch deserialize(int version, byte[] serialized) throws IOException {
      DataInputDeserializer in = new DataInputDeserializer(serialized);
      String id = in.readUTF();
      int count = in.readInt();
      List<Outcome> outcomes = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        outcomes.add(new OutcomeSerializer().deserialize(in));
      }
      return new Batch(id, outcomes);
    }
  }
}
