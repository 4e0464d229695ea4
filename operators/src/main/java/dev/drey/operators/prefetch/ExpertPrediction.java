package dev.drey.operators.prefetch;

import dev.drey.operators.flink.ValueType;
import dev.drey.runtime.predict.Prediction;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A prediction on its way to the prefetch operator.
 *
 * @param key stands for (replica, layer, likeliest expert) and belongs to the replica's own key
 *     groups
 * @param prediction what the engine made; at least one expert
 */
public record ExpertPrediction(int key, Prediction prediction) {
  /** The type, with a serializer of its own. */
  public static final TypeInformation<ExpertPrediction> TYPE =
      ValueType.of(ExpertPrediction.class, new ExpertPredictionSerializer());
}
