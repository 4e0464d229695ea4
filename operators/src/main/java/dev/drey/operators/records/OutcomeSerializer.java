package dev.drey.operators.records;

import dev.drey.operators.flink.ValueSerializer;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * An outcome as bytes: the origin, whether it is a result (byte), the record in Avro single-object
 * encoding with a four-byte length. Used where a sink is not chained.
 */
public final class OutcomeSerializer extends ValueSerializer<Outcome> {
  private static final SourceRecordSerializer RECORDS = new SourceRecordSerializer();

  @Override
  public void serialize(Outcome value, DataOutputView target) throws IOException {
    RECORDS.serialize(value.origin(), target);
    target.writeBoolean(value.result() != null);
    ByteBuffer encoded =
        value.result() != null
            ? InferenceResult.getEncoder().encode(value.result())
            : DeadLetter.getEncoder().encode(value.deadLetter());
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    BinaryFields.writeBytes(bytes, target);
  }

  @Override
  public Outcome deserialize(DataInputView source) throws IOException {
    SourceRecord origin = RECORDS.deserialize(source);
    boolean isResult = source.readBoolean();
    byte[] bytes = BinaryFields.readBytes(source);
    if (bytes == null) {
      throw new IOException("outcome of " + origin + ": expected a record, found null");
    }
    return isResult
        ? new Outcome(origin, InferenceResult.getDecoder().decode(bytes), null)
        : new Outcome(origin, null, DeadLetter.getDecoder().decode(bytes));
  }

  @Override
  public TypeSerializerSnapshot<Outcome> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Asked for by Flink. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Outcome> {
    /** Called by Flink. */
    public Snapshot() {
      super(OutcomeSerializer::new);
    }
  }
}
