package dev.drey.operators.prefetch;

import dev.drey.operators.flink.ValueType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.predict.Prediction;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A prediction on its way to the prefetch operator.
 *
 * @param key stands for (replica, layer, expert) and belongs to the replica's own key groups
 * @param step forward pass for which it was made
 * @param issuedAtLayer layer whose router had just run
 * @param layer target layer
 * @param expert expert within the target layer
 * @param score how strongly
 */
public record ExpertPrediction(
    int key, long step, int issuedAtLayer, int layer, int expert, float score) {
  /** The type, with a serializer of its own. */
  public static final TypeInformation<ExpertPrediction> TYPE =
      ValueType.of(ExpertPrediction.class, new ExpertPredictionSerializer());

  /** The prediction under its key. */
  public static ExpertPrediction of(int key, Prediction prediction) {
    ExpertId target = prediction.expert();
    return new ExpertPrediction(
        key,
        prediction.step(),
        prediction.issuedAtLayer(),
        target.layer(),
        target.index(),
        prediction.score());
  }

  /** What the engine made. */
  public Prediction prediction() {
    return new Prediction(step, issuedAtLayer, new ExpertId(layer, expert), score);
  }
}
