package dev.drey.runtime.simulate;

import dev.drey.runtime.device.Routing;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.PredictionSink;
import dev.drey.runtime.predict.PredictorInput;
import dev.drey.runtime.predict.RoutedLayer;
import dev.drey.runtime.predict.StepRows;
import java.nio.FloatBuffer;
import java.util.Set;

/**
 * Tells a predictor what the recorded engine would have told it: steps, routing and ends of
 * sequences, in the order of the trace. Events of which rows are missing in the trace are left out.
 */
final class PredictorReplay {
  /** Takes what is predicted, event by event. */
  interface Taker extends PredictionSink {
    /** What follows is said before an event, as its step begins. */
    void before(int event);

    /** What follows is said after an event's router. */
    void after(int event);
  }

  private static final class RecordedLayer implements RoutedLayer {
    private final String predictor;
    private int layer;
    private Routing routing = new Routing(0, 1);

    RecordedLayer(String predictor) {
      this.predictor = predictor;
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
    public Routing gate(int target) {
      throw notInTraces(PredictorInput.GATES);
    }

    @Override
    public FloatBuffer routerInput() {
      throw notInTraces(PredictorInput.ROUTER_INPUT);
    }

    private IllegalStateException notInTraces(PredictorInput input) {
      return new IllegalStateException(
          "predictor '%s' asks for %s, which it does not say it reads".formatted(predictor, input));
    }
  }

  private PredictorReplay() {}

  /**
   * Replays.
   *
   * @throws IllegalArgumentException if the predictor reads what traces do not hold
   */
  static void run(RoutingTrace trace, ExpertPredictor predictor, Taker taker) {
    requireReplayable(predictor);
    StepRows rows = new StepRows();
    RecordedLayer layer = new RecordedLayer(predictor.name());
    RowRouting recorded = trace.rowRouting();
    for (int event = 0; event < trace.events(); event++) {
      int pass = trace.pass()[event];
      if (trace.beginsPass(event)) {
        for (int i = recorded.endedFrom()[pass]; i < recorded.endedFrom()[pass + 1]; i++) {
          predictor.sequenceEnded(recorded.ended()[i]);
        }
        recorded.fill(pass, trace.step()[event], rows);
        taker.before(event);
        predictor.stepBegan(rows, taker);
      }
      taker.after(event);
      if (recorded.rows(event) == rows.rows()) {
        layer.layer = trace.layer()[event];
        layer.routing = recorded.routing(event);
        predictor.routed(rows, layer, taker);
      }
    }
  }

  private static void requireReplayable(ExpertPredictor predictor) {
    if (!Set.of(PredictorInput.ROUTING).containsAll(predictor.reads())) {
      throw new IllegalArgumentException(
          "predictor '%s' reads %s, but a trace holds routing alone; record a trace with --predictor %s and simulate its recorded predictions"
              .formatted(predictor.name(), predictor.reads(), predictor.name()));
    }
  }
}
