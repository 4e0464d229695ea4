package dev.drey.runtime.predict;

import java.util.List;
import java.util.Set;

/**
 * Guesses which experts later layers will need. It is told what happens and may answer each event
 * with predictions; it moves nothing and never changes output.
 *
 * <p><b>Events.</b> {@link #stepBegan} before the first layer, {@link #routed} after the router of
 * every layer with experts, in order, {@link #sequenceEnded} between steps. A step may break off
 * anywhere and another one begin. {@code stepBegan} may predict every layer, the first included;
 * {@code routed} only layers behind its own.
 *
 * <p><b>Pure.</b> The same events give the same predictions: no clock, no I/O, ties to the lower
 * expert. The engine and the simulator call the same classes; one that reads no more than {@link
 * PredictorInput#ROUTING} is replayed from any trace, what others said is in the trace of the
 * engine that ran them. Memory is bounded, and steps of sequences already known allocate nothing.
 * One thread at a time.
 */
public interface ExpertPredictor {
  /** Value of {@link Prediction#issuedAtLayer} for what is predicted when a step begins. */
  int STEP_BEGIN = -1;

  /** Name in configuration, {@code family.name}. */
  String name();

  /** What it must be given. If nothing, it predicts nothing and is not called. */
  Set<PredictorInput> reads();

  /**
   * The layers whose gates {@link #routed} asks for after a layer, so that they are computed
   * together. None unless it {@linkplain #reads() reads} {@link PredictorInput#GATES}.
   *
   * @param layer a decoder layer with experts
   */
  default List<Integer> gates(int layer) {
    return List.of();
  }

  /**
   * A step begins.
   *
   * @param rows valid until the next step begins
   */
  default void stepBegan(StepRows rows, PredictionSink sink) {}

  /**
   * The router of a layer has chosen.
   *
   * @param rows those of {@link #stepBegan}
   * @param layer valid during the call
   */
  void routed(StepRows rows, RoutedLayer layer, PredictionSink sink);

  /** A sequence has got its last token; its number does not come back. */
  default void sequenceEnded(int sequence) {}

  /**
   * Everything the predictor has learnt, for one of the same name, model and settings to go on
   * from. Carries a version and a checksum. Sequences still running are not part of it: after a
   * restart they have other numbers. Empty if nothing is learnt.
   */
  default byte[] snapshot() {
    return new byte[0];
  }

  /**
   * Takes over what another predictor has learnt, and forgets all else. A snapshot only makes
   * predictions better sooner: a caller may drop one that is refused.
   *
   * @throws IllegalArgumentException if it is damaged, or of another predictor, version, model or
   *     setting; says which. The predictor is unchanged then.
   */
  default void restore(byte[] snapshot) {
    if (snapshot.length > 0) {
      throw new IllegalArgumentException(
          "predictor '%s' learns nothing, but was given a snapshot of %d bytes"
              .formatted(name(), snapshot.length));
    }
  }
}
