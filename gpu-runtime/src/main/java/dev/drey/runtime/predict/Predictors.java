package dev.drey.runtime.predict;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** The predictors by name. */
public final class Predictors {
  private static final Map<String, BiFunction<PredictorShape, PredictorOptions, ExpertPredictor>>
      KNOWN =
          new TreeMap<>(
              Map.ofEntries(
                  Map.entry("edgemoe.path", PathPredictor::new),
                  Map.entry("finemoe.expert-map", ExpertMapPredictor::new),
                  Map.entry(
                      "gate.next-layer",
                      (shape, options) -> new StackedGatesPredictor("gate.next-layer", shape, 1)),
                  Map.entry(
                      "hobbit.stacked-gates",
                      (shape, options) ->
                          new StackedGatesPredictor(
                              "hobbit.stacked-gates", shape, options.lookaheadOr(3))),
                  Map.entry("history.popularity", PopularityPredictor::new),
                  Map.entry("history.previous-token", PreviousTokenPredictor::new),
                  Map.entry("infinity.activation-trace", ActivationTracePredictor::new),
                  Map.entry("klotski.correlation", CorrelationPredictor::new),
                  Map.entry(LearnedPredictor.NAME, Predictors::learned),
                  Map.entry("none", (shape, options) -> new NoPredictor()),
                  Map.entry("random.uniform", RandomPredictor::new),
                  Map.entry(ShadowWeights.INT4.predictor(), shadow(ShadowWeights.INT4)),
                  Map.entry(ShadowWeights.INT8.predictor(), shadow(ShadowWeights.INT8)),
                  Map.entry("sida.token-table", TokenTablePredictor::new)));

  private Predictors() {}

  /** The known names, in alphabetical order. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(KNOWN.keySet());
  }

  /**
   * A new predictor that has seen nothing.
   *
   * @throws IllegalArgumentException if the name is unknown; the message lists the known ones
   * @throws PredictorRefusedException if the file it needs is missing or does not fit
   */
  public static ExpertPredictor named(String name, PredictorShape shape, PredictorOptions options) {
    BiFunction<PredictorShape, PredictorOptions, ExpertPredictor> known = KNOWN.get(name);
    if (known == null) {
      throw new IllegalArgumentException(
          "unknown predictor '" + name + "'; known are " + KNOWN.keySet());
    }
    return known.apply(shape, options);
  }

  private static BiFunction<PredictorShape, PredictorOptions, ExpertPredictor> shadow(
      ShadowWeights weights) {
    return (shape, options) -> new ShadowModelPredictor(weights, shape, options);
  }

  private static ExpertPredictor learned(PredictorShape shape, PredictorOptions options) {
    String file = options.file();
    if (file == null) {
      throw new PredictorRefusedException(
          "predictor 'learned.mlp' needs the file it was trained to (drey.prediction.file); make one with: drey train-predictor");
    }
    MlpModel model = MlpModel.read(Path.of(file), shape);
    if (options.lookaheadOr(model.sizes().lookahead()) != model.sizes().lookahead()) {
      throw new PredictorRefusedException(
          "predictor file %s was trained to look %d layers ahead, but %d are asked for"
              .formatted(file, model.sizes().lookahead(), options.lookahead()));
    }
    return new LearnedPredictor(model);
  }
}
