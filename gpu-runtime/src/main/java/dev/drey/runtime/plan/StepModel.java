package dev.drey.runtime.plan;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.WeightShape;
import java.util.List;
import java.util.Map;

/**
 * Expects the time of a step from measured times.
 *
 * <p><b>Compute.</b> One operation after another, each at its measured time for so many rows with
 * weights that come from memory; attention at the time its keys and values take to be read if that
 * is longer; each expert with as many rows as tokens may choose it.
 *
 * <p><b>Arrival.</b> What the window misses, at the rate that experts were seen to come in at.
 *
 * <p><b>Step.</b> The two overlap: {@code max(compute, arrival)}, but not less than what all
 * processors together need for both, {@code (compute * threads + load) / processors}, because where
 * experts are read and packed by the processors that compute, one slows the other down.
 */
public final class StepModel {
  private static final int LOGIT_ROWS = 64;

  private final ModelConfig model;
  private final WorkModel work;
  private final Map<Product, Integer> uses;
  private final Product expert;
  private final Product logits;
  private final int kvElementBytes;
  private final Machine machine;
  private final ExpertPopularity popularity;
  private final int threads;
  private final int cores;
  private final List<AttentionConfig> kinds;
  private final double slowdown;

  /**
   * @param popularity of the experts of a layer
   * @param threads compute threads
   * @param cores processors that compute threads and I/O threads share
   */
  public StepModel(
      ModelConfig model,
      ComputeType compute,
      Machine machine,
      ExpertPopularity popularity,
      int threads,
      int cores) {
    this.model = model;
    this.work = new WorkModel(model, compute);
    this.uses = Product.of(model);
    this.expert = Product.expert(model);
    this.logits = Product.logits(model);
    this.kvElementBytes = compute.activation().bytes();
    this.machine = machine;
    this.popularity = popularity;
    this.threads = threads;
    this.cores = cores;
    this.kinds = attentions(model);
    this.slowdown = 1;
  }

  private StepModel(StepModel other, Machine machine, double slowdown) {
    this.model = other.model;
    this.work = other.work;
    this.uses = other.uses;
    this.expert = other.expert;
    this.logits = other.logits;
    this.kvElementBytes = other.kvElementBytes;
    this.machine = machine;
    this.popularity = other.popularity;
    this.threads = other.threads;
    this.cores = other.cores;
    this.kinds = other.kinds;
    this.slowdown = slowdown;
  }

  /**
   * The same model, corrected by what was measured while steps ran. Floors stay those of the
   * machine alone.
   *
   * @param slowdown how many times as long everything takes that processors do
   * @param arrivalRatio how many times as fast experts come in
   */
  StepModel corrected(double slowdown, double arrivalRatio) {
    double rate = machine.arrivalBytesPerSecond() * arrivalRatio;
    return new StepModel(
        this, arrivalRatio == 1 ? machine : machine.arrivingAt(rate), this.slowdown * slowdown);
  }

  /** The rate that experts are expected to come in at. */
  double arrivalBytesPerSecond() {
    return machine.arrivalBytesPerSecond();
  }

  /** The kinds of attention that keep keys and values, in order of first appearance. */
  public static List<AttentionConfig> attentions(ModelConfig model) {
    return model.decoder().stream()
        .map(LayerConfig::attention)
        .filter(attention -> attention.kvHeads() > 0)
        .distinct()
        .toList();
  }

  /** Experts of the whole model. */
  int totalExperts() {
    return model.totalExperts();
  }

  /**
   * The expected time of a step.
   *
   * @param slots experts the window holds
   */
  public StepForecast forecast(MeanStep step, int slots, WindowPolicy policy) {
    int layers = model.moeLayers();
    double touched = popularity.touched(step.rows());
    double missed = policy.missedPerLayer(popularity, layers, step.rows(), slots);
    Floor floor = work.floor(step.work(layers * touched, layers * missed), machine);
    double attention = slowdown * attentionNanos(step);
    double experts = slowdown * expertNanos(step);
    double output = slowdown * logitNanos(step);
    double bytes = layers * missed * work.expertBytes();
    double arrival = bytes / machine.arrivalBytesPerSecond() * 1e9;
    double load = loadCoreNanos(bytes);
    double compute = attention + experts + output;
    double shared = sharedNanos(compute, load);
    return new StepForecast(
        step,
        touched,
        missed,
        floor,
        attention,
        experts,
        output,
        arrival,
        load,
        Math.max(Math.max(compute, shared), arrival));
  }

  /** The expected time that the compute threads need for a step. */
  double computeNanos(MeanStep step) {
    return slowdown * (attentionNanos(step) + expertNanos(step) + logitNanos(step));
  }

  /** Time of one processor that bringing so many bytes of experts in costs. */
  double loadCoreNanos(double bytes) {
    return slowdown * bytes / machine.loadBytesPerSecond() * machine.loadCores() * 1e9;
  }

  /** What all processors together need for computing and loading. */
  double sharedNanos(double computeNanos, double loadCoreNanos) {
    return (computeNanos * threads + loadCoreNanos) / processors();
  }

  /** Processors that compute and load. */
  int processors() {
    return Math.max(threads, cores);
  }

  private double expertNanos(MeanStep step) {
    return model.moeLayers() * popularity.cost(step.rows(), tokens -> productNanos(expert, tokens));
  }

  private double readNanos(double bytes) {
    return bytes / machine.memoryBytesPerSecond() * 1e9;
  }

  private double productNanos(Product product, double rows) {
    return machine.streamed().nanos(product, rows);
  }

  private double attentionNanos(MeanStep step) {
    double nanos = model.moeLayers() * machine.layers().rest().nanos(step.rows());
    for (Map.Entry<Product, Integer> use : uses.entrySet()) {
      nanos += use.getValue() == 0 ? 0 : use.getValue() * productNanos(use.getKey(), step.rows());
    }
    for (int layer = 0; layer < model.layers(); layer++) {
      for (WeightShape weight : model.weights(layer)) {
        if (weight.form() == WeightShape.Form.HEADS) {
          nanos +=
              Math.max(
                  2.0
                      * weight.elements()
                      * step.rows()
                      / machine.products().peakFlopsPerSecond()
                      * 1e9,
                  readNanos((double) weight.elements() * DType.BF16.bytes()));
        }
      }
      nanos += attendNanos(model.attention(layer), step);
    }
    return nanos;
  }

  private double attendNanos(AttentionConfig attention, MeanStep step) {
    int kind = kinds.indexOf(attention);
    if (kind < 0) {
      return 0;
    }
    double decode = visible(attention, step.decodeContext());
    double prefill = visible(attention, step.prefillContext());
    double width = attention.kvHeads() * (double) (attention.keyDim() + attention.valueDim());
    double stored = step.decodeRows() * decode + step.prefills() * prefill;
    return Math.max(
        machine
            .layers()
            .attention()
            .get(kind)
            .nanos(step.decodeRows(), decode, step.prefillRows(), prefill),
        readNanos(width * kvElementBytes * stored));
  }

  /** Positions seen on average by rows that have so many before them. */
  private static double visible(AttentionConfig attention, double context) {
    if (!(attention instanceof GroupedQueryAttention grouped)) {
      return context;
    }
    KeyRange range = grouped.visible();
    if (range.window() > 0) {
      return Math.min(context, range.window());
    }
    return range.chunk() > 0 ? Math.min(context, range.chunk() / 2.0) : context;
  }

  private double samplerNanos(double chosen, double scored) {
    return chosen * machine.sampler().chooseNanos() + scored * machine.sampler().scoreNanos();
  }

  /** The output projection, which takes some rows at a time, and the choice of tokens. */
  private double logitNanos(MeanStep step) {
    double rows = step.logitRows();
    double whole = Math.floor(rows / LOGIT_ROWS);
    return whole * productNanos(logits, LOGIT_ROWS)
        + productNanos(logits, rows - whole * LOGIT_ROWS)
        + samplerNanos(rows - step.scoredRows(), step.scoredRows()) / threads;
  }
}
