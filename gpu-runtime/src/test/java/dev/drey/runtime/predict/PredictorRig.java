package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.Routing;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Tells a predictor of steps written down in a test, and keeps what it says. */
final class PredictorRig implements RoutedLayer, PredictionSink {
  final PredictorShape shape;
  final ExpertPredictor predictor;

  /** Everything said so far, as text. */
  final List<String> said = new ArrayList<>();

  private final StepRows rows = new StepRows();
  private final ShadowRouting shadow = new MadeUpShadow();
  private final Map<Integer, Routing> gates = new TreeMap<>();
  private final Map<Integer, List<Integer>> experts = new TreeMap<>();
  private final Map<Integer, List<Float>> scores = new TreeMap<>();
  private long step = -1;
  private int layer;
  private Routing routing;

  PredictorRig(PredictorShape shape, ExpertPredictor predictor) {
    this.shape = shape;
    this.predictor = predictor;
    routing = new Routing(0, shape.expertsPerToken());
  }

  /** Sends every answer's row to experts that follow from step, layer and row. */
  private final class MadeUpShadow implements ShadowRouting {
    @Override
    public int rows() {
      return (int) IntStream.range(0, rows.spans()).filter(rows::isDecode).count();
    }

    @Override
    public Routing routing(int ofLayer) {
      Routing made = new Routing(rows(), shape.expertsPerToken());
      for (int i = 0; i < made.experts().length; i++) {
        made.experts()[i] = (int) ((rows.step() + ofLayer + i) % shape.experts());
        made.weights()[i] = 1f / shape.expertsPerToken();
      }
      return made;
    }
  }

  static PredictorRig of(String name, PredictorShape shape, PredictorOptions options) {
    return new PredictorRig(shape, Predictors.named(name, shape, options));
  }

  /** Rows of one sequence. */
  record Span(int sequence, int rows, int promptTokens, int outputs) {}

  /** One sequence in the middle of its answer. */
  static Span decode(int sequence) {
    return new Span(sequence, 1, 4, 2);
  }

  void begin(Span... spans) {
    begin(null, spans);
  }

  void begin(int @Nullable [] tokenIds, Span... spans) {
    rows.begin(++step, tokenIds);
    for (Span span : spans) {
      rows.add(span.sequence(), span.rows(), span.promptTokens(), span.outputs());
    }
    forget();
    layer = ExpertPredictor.STEP_BEGIN;
    rows.foreseen(shadow);
    predictor.stepBegan(rows, this);
  }

  /** Numbers its steps on from where another one is. */
  void goOnAfter(PredictorRig other) {
    step = other.step;
  }

  /** A router chooses: the experts of the first row, then those of the second, … */
  void route(int toLayer, int... chosen) {
    float[] weights = new float[chosen.length];
    Arrays.fill(weights, 1f / shape.expertsPerToken());
    route(toLayer, chosen, weights);
  }

  void route(int toLayer, int[] chosen, float[] weights) {
    routing = routing(chosen, weights);
    forget();
    layer = toLayer;
    predictor.routed(rows, this, this);
  }

  Routing routing(int[] chosen, float[] weights) {
    Routing made = new Routing(chosen.length / shape.expertsPerToken(), shape.expertsPerToken());
    System.arraycopy(chosen, 0, made.experts(), 0, chosen.length);
    System.arraycopy(weights, 0, made.weights(), 0, chosen.length);
    return made;
  }

  /** What a later layer's router says from now on. */
  void gate(int ofLayer, int[] chosen, float[] weights) {
    gates.put(ofLayer, routing(chosen, weights));
  }

  private void forget() {
    experts.clear();
    scores.clear();
  }

  /** What was said of a layer after the latest event, likeliest first. */
  List<Integer> predicted(int targetLayer) {
    return experts.getOrDefault(targetLayer, List.of());
  }

  List<Float> scores(int targetLayer) {
    return scores.getOrDefault(targetLayer, List.of());
  }

  /** The layers of which anything was said after the latest event. */
  List<Integer> targets() {
    return List.copyOf(experts.keySet());
  }

  @Override
  public int layer() {
    return layer;
  }

  @Override
  public Routing routing() {
    return routing;
  }

  @Override
  public Routing gate(int ofLayer) {
    assertThat(predictor.gates(layer)).as("what it said it would ask for").contains(ofLayer);
    Routing gate = gates.get(ofLayer);
    if (gate == null) {
      throw new AssertionError("no gate of layer " + ofLayer);
    }
    return gate;
  }

  @Override
  public FloatBuffer routerInput() {
    throw new AssertionError("there is no router input here");
  }

  @Override
  public void predicted(int targetLayer, int count, int[] ids, float[] idScores) {
    List<Integer> list = new ArrayList<>();
    List<Float> listScores = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      list.add(ids[i]);
      listScores.add(idScores[i]);
    }
    if (targetLayer <= layer || experts.put(targetLayer, list) != null) {
      throw new AssertionError("layer " + targetLayer + " is said twice or too late");
    }
    assertThat(shape.layers()).contains(targetLayer);
    assertThat(list).isNotEmpty().doesNotHaveDuplicates();
    assertThat(list).allMatch(expert -> expert >= 0 && expert < shape.experts());
    assertThat(listScores).allMatch(score -> score > 0 && Float.isFinite(score));
    assertThat(listScores).isSortedAccordingTo(Comparator.reverseOrder());
    scores.put(targetLayer, listScores);
    said.add(step + "/" + layer + "->" + targetLayer + " " + list + " " + listScores);
  }
}
