package dev.drey.operators.prefetch;

import dev.drey.operators.flink.ValueSerializer;
import dev.drey.runtime.predict.Prediction;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A prediction as key, step, issuing layer, layer, count, then expert and score of each. */
public final class ExpertPredictionSerializer extends ValueSerializer<ExpertPrediction> {
  @Override
  public void serialize(ExpertPrediction value, DataOutputView target) throws IOException {
    Prediction prediction = value.prediction();
    target.writeInt(value.key());
    target.writeLong(prediction.step());
    target.writeInt(prediction.issuedAtLayer());
    target.writeInt(prediction.layer());
    target.writeInt(prediction.count());
    for (int i = 0; i < prediction.count(); i++) {
      target.writeInt(prediction.expert(i));
      target.writeFloat(prediction.score(i));
    }
  }

  @Override
  public ExpertPrediction deserialize(DataInputView source) throws IOException {
    int key = source.readInt();
    long step = source.readLong();
    int issuedAtLayer = source.readInt();
    int layer = source.readInt();
    int[] experts = new int[source.readInt()];
    float[] scores = new float[experts.length];
    for (int i = 0; i < experts.length; i++) {
      experts[i] = source.readInt();
      scores[i] = source.readFloat();
    }
    return new ExpertPrediction(
        key, new Prediction(step, issuedAtLayer, layer, experts.length, experts, scores));
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
