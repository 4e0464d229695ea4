package dev.drey.runtime.simulate;

/**
 * What is predicted after each event, computed once for a trace and replayed by every policy and
 * budget.
 */
public final class Predictions {
  /** How predictions come about. */
  public enum Source {
    /** Those the engine made when the trace was recorded. */
    RECORDED,
    /** None at all: every expert is loaded on demand. */
    NONE,
    /** What the next layer's router will choose: a perfect gate, one layer ahead. */
    ORACLE
  }

  private final int[] from;
  private final int[] experts;
  private final float[] scores;

  private Predictions(int[] from, int[] experts, float[] scores) {
    this.from = from;
    this.experts = experts;
    this.scores = scores;
  }

  /** The predictions of a trace. */
  public static Predictions of(RoutingTrace trace, Source source) {
    return switch (source) {
      case RECORDED -> new Predictions(trace.predictedFrom(), trace.predicted(), trace.scores());
      case NONE -> new Predictions(new int[trace.events() + 1], new int[0], new float[0]);
      case ORACLE -> oracle(trace);
    };
  }

  private static Predictions oracle(RoutingTrace trace) {
    int[] from = new int[trace.events() + 1];
    IntList experts = new IntList();
    FloatList scores = new FloatList();
    for (int event = 0; event < trace.events(); event++) {
      from[event] = experts.size();
      if (!trace.endsStep(event)) {
        for (int i = trace.from()[event + 1]; i < trace.from()[event + 2]; i++) {
          experts.add(trace.members()[i]);
          scores.add(trace.tokens()[i]);
        }
      }
    }
    from[trace.events()] = experts.size();
    return new Predictions(from, experts.toArray(), scores.toArray());
  }

  int begin(int event) {
    return from[event];
  }

  int end(int event) {
    return from[event + 1];
  }

  int expert(int index) {
    return experts[index];
  }

  float score(int index) {
    return scores[index];
  }
}
