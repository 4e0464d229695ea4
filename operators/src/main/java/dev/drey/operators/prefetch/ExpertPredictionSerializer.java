package dev.drey.operators.prefetch;

import dev.drey.operators.flink.ValueSerializer;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A prediction as 28 bytes: key, step, issuing layer, layer, expert, score. */
public final class ExpertPredictionSerializer extends ValueSerializer<ExpertPrediction> {
  private static final int BYTES = 5 * Integer.BYTES + Long.BYTES;

  @Override
  public int getLength() {
    return BYTES;
  }

  @Override
  public void serialize(ExpertPrediction value, DataOutputView target) throws IOException {
    target.writeInt(value.key());
    target.writeLong(value.step());
    target.writeInt(value.issuedAtLayer());
    target.writeInt(value.layer());
    target.writeInt(value.expert());
    target.writeFloat(value.score());
  }

  @Override
  public ExpertPrediction deserialize(DataInputView source) throws IOException {
    return new ExpertPrediction(
        source.readInt(),
        source.readLong(),
        source.readInt(),
        source.readInt(),
        source.readInt(),
        source.readFloat());
  }

  @Override
  public TypeSerializerSnapshot<ExpertPrediction> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Asked for by Flink, although predictions are never state. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<ExpertPrediction> {
    /** Called by Flink. */
    public Snapshot() {
      super(ExpertPredictionSerializer::new);
    }
  }
}
