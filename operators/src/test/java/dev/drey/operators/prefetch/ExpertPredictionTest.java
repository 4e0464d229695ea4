package dev.drey.operators.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.predict.Prediction;
import java.io.IOException;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class ExpertPredictionTest {
  @Test
  void predictionSurvivesItsWay() throws IOException {
    Prediction made =
        new Prediction(1L << 40, 2, 3, 2, new int[] {77, 4, 0}, new float[] {0.25f, 0.125f, 0});
    ExpertPredictionSerializer serializer = new ExpertPredictionSerializer();
    DataOutputSerializer out = new DataOutputSerializer(8);
    serializer.serialize(new ExpertPrediction(12345, made), out);

    DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
    ExpertPrediction back = serializer.deserialize(in);

    assertThat(in.available()).isZero();
    assertThat(back.key()).isEqualTo(12345);
    assertThat(back.prediction()).isEqualTo(made);
    assertThat(back.prediction().count()).isEqualTo(2);
    assertThat(back.prediction().expert(1)).isEqualTo(4);
    assertThat(back.prediction().score(1)).isEqualTo(0.125f);
  }

  @Test
  void predictionIsPastOnceItsLayerIsReachedOrAnotherStepRuns() {
    Prediction prediction = new Prediction(5, 2, 3, 1, new int[] {77}, new float[] {1});
    assertThat(ExpertPrefetch.isPast(prediction, 5, 2)).isFalse();
    assertThat(ExpertPrefetch.isPast(prediction, 4, 7)).isFalse();
    assertThat(ExpertPrefetch.isPast(prediction, 5, 3)).isTrue();
    assertThat(ExpertPrefetch.isPast(prediction, 6, 0)).isTrue();
  }
}
