package dev.drey.operators.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.predict.Prediction;
import java.io.IOException;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class ExpertPredictionTest {
  private static final Prediction MADE = new Prediction(1L << 40, 2, new ExpertId(3, 77), 0.25f);

  @Test
  void predictionSurvivesItsWay() throws IOException {
    ExpertPredictionSerializer serializer = new ExpertPredictionSerializer();
    DataOutputSerializer out = new DataOutputSerializer(8);
    serializer.serialize(ExpertPrediction.of(12345, MADE), out);
    assertThat(out.length()).isEqualTo(serializer.getLength());
    ExpertPrediction back =
        serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
    assertThat(back.key()).isEqualTo(12345);
    assertThat(back.prediction()).isEqualTo(MADE);
  }

  @Test
  void predictionIsPastOnceItsLayerIsReachedOrAnotherStepRuns() {
    ExpertPrediction prediction = ExpertPrediction.of(0, new Prediction(5, 2, MADE.expert(), 1));
    assertThat(ExpertPrefetch.isPast(prediction, 5, 2)).isFalse();
    assertThat(ExpertPrefetch.isPast(prediction, 4, 7)).isFalse();
    assertThat(ExpertPrefetch.isPast(prediction, 5, 3)).isTrue();
    assertThat(ExpertPrefetch.isPast(prediction, 6, 0)).isTrue();
  }
}
