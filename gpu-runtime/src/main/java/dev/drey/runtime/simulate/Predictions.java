package dev.drey.runtime.simulate;

import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceSink;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is predicted before and after each event, computed once for a trace and replayed by every
 * policy and budget.
 */
public final class Predictions {
  /** Where predictions come from that no predictor makes. */
  public enum Source {
    /** Those the engine made when the trace was recorded. */
    RECORDED,
    /** None at all: every expert is loaded on demand. */
    NONE,
    /** What the next layer's router will choose: a perfect gate. */
    ORACLE
  }

  private final int[] from;
  private final int[] experts;
  private final float[] scores;

  /**
   * @param from where in {@code experts} those begin that are said before an event (at twice its
   *     number) and after it; one entry more
   */
  Predictions(int[] from, int[] experts, float[] scores) {
    this.from = from;
    this.experts = experts;
    this.scores = scores;
  }

  /** Everything {@link #named} knows: sources in small letters, and predictors. */
  public static Set<String> names() {
    Set<String> names = new TreeSet<>(Predictors.names());
    for (Source source : Source.values()) {
      names.add(source.name().toLowerCase(Locale.ROOT));
    }
    return names;
  }

  /**
   * Predictions by the name of a source, or of a predictor that is run over the recorded routing.
   *
   * @param options the predictor's; the lookahead is also that of the oracle
   * @throws IllegalArgumentException if the name is unknown, or the predictor reads what a trace
   *     does not hold
   */
  public static Predictions named(RoutingTrace trace, String name, PredictorOptions options) {
    for (Source source : Source.values()) {
      if (source.name().toLowerCase(Locale.ROOT).equals(name)) {
        return of(trace, source, Math.max(1, options.lookahead()));
      }
    }
    if (!Predictors.names().contains(name)) {
      throw new IllegalArgumentException(
          "unknown predictions '%s'; known are %s".formatted(name, names()));
    }
    return by(trace, Predictors.named(name, shape(trace.header()), options));
  }

  /** What an engine of the trace's model tells its predictor. */
  static PredictorShape shape(TraceHeader header) {
    return new PredictorShape(
        header.expertLayers(), header.experts(), header.expertsPerToken(), header.modelDigest());
  }

  /** Predictions from a source; an oracle looks one layer ahead. */
  public static Predictions of(RoutingTrace trace, Source source) {
    return of(trace, source, 1);
  }

  private static Predictions of(RoutingTrace trace, Source source, int lookahead) {
    return switch (source) {
      case RECORDED -> trace.predictions();
      case NONE -> new Predictions(new int[2 * trace.events() + 1], new int[0], new float[0]);
      case ORACLE -> oracle(trace, lookahead);
    };
  }

  /**
   * What a predictor says of the recorded routing.
   *
   * @param predictor one that has seen nothing, or what it is to know beforehand
   */
  public static Predictions by(RoutingTrace trace, ExpertPredictor predictor) {
    Collector collector = new Collector(trace);
    PredictorReplay.run(trace, predictor, collector);
    return collector.predictions();
  }

  /**
   * Of these, those for the next few layers of the layer they were made after; nothing of what was
   * said as a step began.
   *
   * @param lookahead layers with experts
   */
  public Predictions within(RoutingTrace trace, int lookahead) {
    Collector collector = new Collector(trace);
    List<Integer> layers = trace.header().expertLayers();
    for (int event = 0; event < trace.events(); event++) {
      collector.after(event);
      int last = layers.indexOf(trace.layer()[event]) + lookahead;
      for (int i = begin(event); i < end(event); i++) {
        if (layers.indexOf(experts[i] / trace.header().experts()) <= last) {
          collector.experts.add(experts[i]);
          collector.scores.add(scores[i]);
        }
      }
    }
    return collector.predictions();
  }

  private static Predictions oracle(RoutingTrace trace, int lookahead) {
    Collector collector = new Collector(trace);
    int experts = trace.header().experts();
    int[] ids = new int[experts];
    float[] tokens = new float[experts];
    for (int event = 0; event < trace.events(); event++) {
      collector.after(event);
      for (int ahead = event + 1;
          ahead <= event + lookahead && ahead < trace.events() && !trace.beginsPass(ahead);
          ahead++) {
        int count = trace.from()[ahead + 1] - trace.from()[ahead];
        for (int i = 0; i < count; i++) {
          ids[i] = trace.members()[trace.from()[ahead] + i] % experts;
          tokens[i] = trace.tokens()[trace.from()[ahead] + i];
        }
        collector.predicted(trace.layer()[ahead], count, ids, tokens);
      }
    }
    return collector.predictions();
  }

  private static final class Collector implements PredictorReplay.Taker {
    private final int expertsPerLayer;
    private final int[] from;
    private final IntList experts = new IntList();
    private final FloatList scores = new FloatList();
    private int known;

    Collector(RoutingTrace trace) {
      expertsPerLayer = trace.header().experts();
      from = new int[2 * trace.events() + 1];
    }

    @Override
    public void before(int event) {
      begin(2 * event);
    }

    @Override
    public void after(int event) {
      begin(2 * event + 1);
    }

    private void begin(int list) {
      Arrays.fill(from, known, list + 1, experts.size());
      known = list + 1;
    }

    @Override
    public void predicted(int targetLayer, int count, int[] ids, float[] idScores) {
      for (int i = 0; i < count; i++) {
        experts.add(targetLayer * expertsPerLayer + ids[i]);
        scores.add(idScores[i]);
      }
    }

    Predictions predictions() {
      begin(from.length - 1);
      return new Predictions(from, experts.toArray(), scores.toArray());
    }
  }

  /** The first that is said before an event, as its step begins; up to {@link #begin}. */
  int beginBefore(int event) {
    return from[2 * event];
  }

  /** The first that is said after an event's router; up to {@link #end}. */
  int begin(int event) {
    return from[2 * event + 1];
  }

  int end(int event) {
    return from[2 * event + 2];
  }

  int expert(int index) {
    return experts[index];
  }

  float score(int index) {
    return scores[index];
  }

  /** Tells a sink the predictions of a range, grouped by the layer they are for. */
  void tell(TraceSink sink, long nanos, long step, int issuedAt, int begin, int end, int perLayer) {
    int[] ids = new int[perLayer];
    float[] idScores = new float[perLayer];
    for (int i = begin; i < end; ) {
      int layer = experts[i] / perLayer;
      int count = 0;
      for (; i < end && experts[i] / perLayer == layer; i++) {
        ids[count] = experts[i] % perLayer;
        idScores[count++] = scores[i];
      }
      sink.predicted(nanos, step, issuedAt, layer, count, ids, idScores);
    }
  }
}
