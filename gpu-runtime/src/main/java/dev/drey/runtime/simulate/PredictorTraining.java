package dev.drey.runtime.simulate;

import dev.drey.runtime.predict.MlpInputs;
import dev.drey.runtime.predict.MlpModel;
import dev.drey.runtime.predict.MlpNetwork;
import dev.drey.runtime.predict.MlpSizes;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.trace.TraceHeader;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Trains {@code learned.mlp} from traces of one model: every row of every step is a token whose
 * next layers are to be predicted from its layers so far. Steps are visited in another random order
 * in every epoch; the last tenth of each trace is kept out and measured. The same traces and
 * settings give the same bytes.
 */
public final class PredictorTraining {
  private static final int HELD_OUT = 10; // one part in so many, rounded up
  private static final float RATE = 0.05f;

  /**
   * What came out.
   *
   * @param model the trained model
   * @param rows tokens it was trained on, each seen once an epoch
   * @param heldOutRows tokens it was measured on
   * @param recall share of the held-out tokens' experts that are among as many likeliest ones
   */
  public record Result(MlpModel model, long rows, long heldOutRows, double recall) {}

  private final PredictorShape shape;
  private final MlpModel model;
  private final MlpInputs inputs;
  private long rows;
  private long hits;
  private long demanded;

  private PredictorTraining(PredictorShape shape, MlpSizes sizes, long seed) {
    this.shape = shape;
    this.model = MlpModel.random(shape, sizes, seed);
    this.inputs = new MlpInputs(shape, sizes);
  }

  /**
   * Trains.
   *
   * @param epochs how often every step is visited
   * @param seed of the initial weights and the order of visits
   * @param progress is told of each epoch
   * @throws IllegalArgumentException if the traces are of different models, or hold no routing row
   *     by row
   */
  public static Result train(
      List<RoutingTrace> traces, MlpSizes sizes, int epochs, long seed, Consumer<String> progress) {
    PredictorShape shape = shapeOf(traces);
    PredictorTraining training = new PredictorTraining(shape, sizes, seed);
    Random random = new Random(seed);
    for (int epoch = 1; epoch <= epochs; epoch++) {
      training.rows = 0;
      for (RoutingTrace trace : traces) {
        int[] begins = begins(trace);
        int[] order = shuffled(trained(begins.length), random);
        for (int pass : order) {
          training.visit(trace, begins[pass], true);
        }
      }
      progress.accept("epoch %d/%d, %d tokens".formatted(epoch, epochs, training.rows));
    }
    long trained = training.rows;
    if (trained == 0) {
      throw new IllegalArgumentException(
          "the traces hold no routing row by row; there is nothing to learn from");
    }
    training.rows = 0;
    for (RoutingTrace trace : traces) {
      int[] begins = begins(trace);
      for (int pass = trained(begins.length); pass < begins.length; pass++) {
        training.visit(trace, begins[pass], false);
      }
    }
    double recall = training.demanded == 0 ? 0 : (double) training.hits / training.demanded;
    return new Result(training.model, trained, training.rows, recall);
  }

  private static PredictorShape shapeOf(List<RoutingTrace> traces) {
    PredictorShape shape = Predictions.shape(traces.get(0).header());
    for (RoutingTrace trace : traces) {
      TraceHeader header = trace.header();
      if (!Predictions.shape(header).equals(shape)) {
        throw new IllegalArgumentException(
            "traces are of different models: %s and %s"
                .formatted(shape, Predictions.shape(header)));
      }
    }
    return shape;
  }

  /** First events of the passes of which all layers are there. */
  private static int[] begins(RoutingTrace trace) {
    int layers = trace.header().expertLayers().size();
    return IntStream.range(0, trace.events() - layers + 1)
        .filter(trace::beginsPass)
        .filter(
            event ->
                trace.pass()[event + layers - 1] == trace.pass()[event]
                    && trace.layer()[event] == trace.header().expertLayers().get(0))
        .toArray();
  }

  /** Of so many passes, how many are learnt from. */
  private static int trained(int passes) {
    return passes - (passes + HELD_OUT - 1) / HELD_OUT;
  }

  private static int[] shuffled(int count, Random random) {
    int[] order = IntStream.range(0, count).toArray();
    for (int i = count - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int pass = order[i];
      order[i] = order[other];
      order[other] = pass;
    }
    return order;
  }

  private void visit(RoutingTrace trace, int begin, boolean learn) {
    int ranks = shape.expertsPerToken();
    int count = trace.rowRouting().rows(begin);
    int lookahead = model.sizes().lookahead();
    inputs.begin(count);
    rows += count;
    for (int target = lookahead; target < shape.layers().size(); target++) {
      int place = target - lookahead;
      inputs.add(place, trace.rowRouting().routing(begin + place));
      int[] chosen = trace.rowRouting().routing(begin + target).experts();
      MlpNetwork network = model.network(target);
      for (int row = 0; row < count; row++) {
        int size = inputs.gather(place, network.layers(), row);
        if (learn) {
          network.learn(size, inputs.inputs(), inputs.values(), chosen, row * ranks, ranks, RATE);
        } else {
          measure(
              network.probabilities(size, inputs.inputs(), inputs.values()),
              chosen,
              row * ranks,
              ranks);
        }
      }
    }
  }

  /** Counts the chosen experts that fewer than {@code ranks} others are likelier than. */
  private void measure(float[] probabilities, int[] chosen, int from, int ranks) {
    demanded += ranks;
    float[] sorted = probabilities.clone();
    Arrays.sort(sorted);
    float least = sorted[sorted.length - ranks];
    for (int i = from; i < from + ranks; i++) {
      hits += probabilities[chosen[i]] >= least ? 1 : 0;
    }
  }
}
