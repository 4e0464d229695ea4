package dev.drey.runtime.predict;

import dev.drey.runtime.cache.SnapshotFormat;
import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * What predictors share that learn from routing: after each event every layer within reach gets
 * scores for its experts, and the best are told.
 *
 * <p><b>How many.</b> As many experts of a layer as the event's own layer demanded: the union over
 * the rows, k at batch 1. When a step begins nothing has been demanded yet, and as many are told as
 * its rows would choose if all experts were equally likely.
 *
 * <p>Layers are known by their place (see {@link PredictorShape}). Telling costs one sort of E
 * numbers per layer ahead.
 */
abstract class HistoryPredictor implements ExpertPredictor {
  private static final int VERSION = 1;

  final PredictorShape shape;
  private final String name;
  private final int lookahead;
  private final List<Integer> layers;
  private final int[] places;
  private final Ranking ranking;
  private final float[] scores;
  private final boolean[] demanded;

  /**
   * @param lookahead layers to predict after each event
   */
  HistoryPredictor(String name, PredictorShape shape, int lookahead) {
    this.name = name;
    this.shape = shape;
    this.lookahead = Math.min(lookahead, shape.places());
    this.layers = shape.layers();
    this.places = shape.placeOfLayer();
    this.ranking = new Ranking(shape.experts());
    this.scores = new float[shape.experts()];
    this.demanded = new boolean[shape.experts()];
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public Set<PredictorInput> reads() {
    return Set.of(PredictorInput.ROUTING);
  }

  // -- events

  @Override
  public final void stepBegan(StepRows rows, PredictionSink sink) {
    began(rows);
    tell(rows, STEP_BEGIN, shape.distinct(rows.rows()), sink);
  }

  @Override
  public final void routed(StepRows rows, RoutedLayer layer, PredictionSink sink) {
    int place = places[layer.layer()];
    Routing routing = layer.routing();
    learn(rows, place, routing);
    tell(rows, place, countDistinct(routing, rows.rows()), sink);
  }

  private int countDistinct(Routing routing, int rows) {
    Arrays.fill(demanded, false);
    int distinct = 0;
    for (int i = 0; i < rows * routing.k(); i++) {
      int expert = routing.experts()[i];
      distinct += demanded[expert] ? 0 : 1;
      demanded[expert] = true;
    }
    return distinct;
  }

  private void tell(StepRows rows, int now, int demandedNow, PredictionSink sink) {
    int last = Math.min(now + lookahead, shape.places() - 1);
    for (int target = firstTarget(now); target <= last; target++) {
      Arrays.fill(scores, 0);
      score(rows, now, target, scores);
      ranking.tell(sink, layers.get(target), scores, most(demandedNow));
    }
  }

  /** How many layers are predicted after each event. */
  final int lookahead() {
    return lookahead;
  }

  /** The nearest layer to predict; the next one unless a predictor says otherwise. */
  int firstTarget(int now) {
    return now + 1;
  }

  /** How many experts to tell at most; as many as the event's layer demanded, unless … */
  int most(int demandedNow) {
    return demandedNow;
  }

  /** A step begins. */
  void began(StepRows rows) {}

  /** A router has chosen. */
  abstract void learn(StepRows rows, int place, Routing routing);

  /**
   * Scores a later layer's experts. Called after an event for rising targets.
   *
   * @param now place of the layer routed last; {@link #STEP_BEGIN} if there is none
   * @param target place of the layer to predict
   * @param into by expert, all 0; only experts with a score above 0 are told
   */
  abstract void score(StepRows rows, int now, int target, float[] into);

  // -- snapshots

  /** Settings that what is learnt depends on, besides the model. */
  String settings() {
    return "";
  }

  /** Writes what has been learnt. */
  abstract void write(DataOutputStream out) throws IOException;

  /** Reads what {@link #write} wrote, and forgets running sequences. */
  abstract void read(DataInputStream in) throws IOException;

  private SnapshotFormat format() {
    return new SnapshotFormat(name, VERSION, shape + settings());
  }

  @Override
  public final byte[] snapshot() {
    return format().write(this::write);
  }

  @Override
  public final void restore(byte[] snapshot) {
    format().read(snapshot, this::read);
  }
}
