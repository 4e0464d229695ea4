package dev.drey.runtime.synth;

import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Gives routers habits through weights alone.
 *
 * <p><b>What routers see.</b> A few orthogonal directions of the hidden space are set apart. Every
 * embedding has the same component along the first, and embeddings of a topic have one along that
 * topic's direction; the random part of embeddings, routers and output has none along any of them.
 * A residual stream is a sum, to which random products add little along any one direction, so these
 * components reach every layer; the norm only scales them down as the rest grows. Projections onto
 * the stream are therefore divided by {@code sqrt(2 layers)}, as in GPT-2, and halved, so that it
 * grows little.
 *
 * <p><b>Slots.</b> A layer's experts are dealt out to slots by a permutation of its own. What
 * follows is said of slots, and is the same in all layers, so that popular experts have different
 * numbers in different layers and yet slot {@code j} of one layer is the partner of slot {@code j}
 * of the next.
 *
 * <p><b>Scores.</b> The score that slot {@code j} of layer {@code l} gets from a token {@code v} of
 * topic {@code t} is {@code sigma (q(p_j) + sqrt(L) a(j, t) + sqrt(1 - L) z(l, j, v))}, each of the
 * last two terms of variance 1 over tokens:
 *
 * <ul>
 *   <li><i>Skew.</i> {@code p_j} falls by Zipf's law and adds up to the experts per token; {@code
 *       q} is the normal quantile. A slot is chosen if it exceeds about the same threshold as all
 *       others, hence with about that probability. The router's row has this term along the common
 *       direction.
 *   <li><i>Locality.</i> {@code a(j, t)} takes the normal quantiles round a circle of slots, begun
 *       at another place for each topic: topics prefer different slots, and over all topics all
 *       slots are alike, so that popularity stays what it was. Along the topics' directions.
 *   <li><i>Correlation.</i> {@code z} is the product of the random part of the token with a random
 *       row; a slot's row is {@code C} times the row of the layer before plus {@code sqrt(1 - C^2)}
 *       times a new one.
 * </ul>
 *
 * <p>Rows of the output projection follow the topic of their token, strongly enough that generated
 * tokens stay with it.
 */
final class PlantedRouting {
  /** Share of an embedding's square that each kind of component has. */
  private static final double SHARE = 0.125;

  /** By how many deviations logits of the topic exceed others. */
  private static final double OUTPUT_TOPIC = 2.5;

  /** A slot is never quite sure to be chosen: its score would be infinite. */
  private static final double MOST_PROBABLE = 0.98;

  private static final int QUANTILES = 1 << 16;

  private final SyntheticSpec spec;
  private final SyntheticRouting routing;
  private final double planted;
  private final double scoreDeviation;
  private final float[][] directions;
  private final int firstTopic;
  private final double[] quantiles = new double[QUANTILES];
  private final double[] popularity;
  private final int[] circle;
  private final SplittableRandom random;
  private float[][] rowsBefore = new float[0][];

  PlantedRouting(SyntheticSpec spec, SyntheticRouting routing) {
    this.spec = spec;
    this.routing = routing;
    this.firstTopic = routing.skew() > 0 ? 1 : 0;
    int count = firstTopic + routing.topics();
    SyntheticSpec.require(
        count <= spec.hidden() / 8,
        "a width of %d has room for %d directions (one for skew, one for each topic), not %d; ask for fewer topics"
            .formatted(spec.hidden(), spec.hidden() / 8, count));
    SyntheticSpec.require(
        routing.topics() <= spec.experts(),
        "topics that prefer different experts can be at most the %d experts, not %d"
            .formatted(spec.experts(), routing.topics()));
    this.planted = (firstTopic + (routing.topics() > 0 ? 1 : 0)) * SHARE;
    this.scoreDeviation = TensorList.OUTPUT_GAIN * Math.sqrt(1 - planted);
    Random normal = new Random(spec.seed());
    Arrays.setAll(quantiles, i -> normal.nextGaussian());
    Arrays.sort(quantiles);
    this.directions = orthonormal(count, spec.hidden(), normal);
    this.random = new SplittableRandom(spec.seed());
    this.circle = permutation(spec.experts());
    this.popularity = skewed();
  }

  /** What deviations of projections onto the residual stream are multiplied by. */
  double streamGain() {
    return 0.5 / Math.sqrt(2.0 * spec.layers());
  }

  /** Makes the row of a token of a random one. */
  void embedding(int token, float[] row) {
    clear(row);
    double component = component(TensorList.EMBEDDING_DEVIATION);
    scale(row, Math.sqrt(1 - planted));
    if (firstTopic > 0) {
      add(row, component, directions[0]);
    }
    if (routing.topics() > 0) {
      add(row, component, topicOf(token));
    }
  }

  /** Makes the row of a token of a random one. */
  void output(int token, float[] row) {
    clear(row);
    if (routing.topics() > 0) {
      add(row, OUTPUT_TOPIC * TensorList.OUTPUT_GAIN / component(1), topicOf(token));
    }
  }

  /**
   * Makes the rows of a layer's router of random ones. Layers must come in order.
   *
   * @param rows {@code [experts][hidden]}
   */
  void router(float[][] rows) {
    double old = rowsBefore.length == 0 ? 0 : routing.correlation();
    float[][] bySlot = new float[rows.length][];
    int[] expertOf = permutation(rows.length);
    for (int slot = 0; slot < rows.length; slot++) {
      float[] row = rows[expertOf[slot]];
      clear(row);
      scale(row, Math.sqrt(1 - old * old));
      if (old > 0) {
        add(row, old, rowsBefore[slot]);
      }
      bySlot[slot] = row.clone();
      plant(slot, row);
    }
    rowsBefore = bySlot;
  }

  private void plant(int slot, float[] row) {
    scale(row, Math.sqrt(1 - routing.locality()));
    double unit = scoreDeviation / component(1);
    if (firstTopic > 0) {
      add(row, unit * popularity[slot], directions[0]);
    }
    for (int topic = 0; topic < routing.topics(); topic++) {
      int place = (circle[slot] + topic * spec.experts() / routing.topics()) % spec.experts();
      double preference = quantile((place + 0.5) / spec.experts());
      add(row, unit * Math.sqrt(routing.locality()) * preference, directions[firstTopic + topic]);
    }
  }

  /** Length of a planted component in a row of numbers of one deviation. */
  private double component(double deviation) {
    return deviation * Math.sqrt(SHARE * spec.hidden());
  }

  private float[] topicOf(int token) {
    return directions[firstTopic + token % routing.topics()];
  }

  /** Removes what a row has along the directions. */
  private void clear(float[] row) {
    for (float[] direction : directions) {
      add(row, -dot(row, direction), direction);
    }
  }

  /** Quantiles of the probabilities to be chosen, by slot, most popular first. */
  private double[] skewed() {
    double low = 0;
    double high = Math.pow(spec.experts(), routing.skew()) * spec.experts();
    for (int i = 0; i < 100; i++) {
      double middle = (low + high) / 2;
      boolean tooMany = Arrays.stream(zipf(middle)).sum() > spec.expertsPerToken();
      high = tooMany ? middle : high;
      low = tooMany ? low : middle;
    }
    return Arrays.stream(zipf(low)).map(this::quantile).toArray();
  }

  private double[] zipf(double scale) {
    double[] chosen = new double[spec.experts()];
    Arrays.setAll(chosen, i -> Math.min(MOST_PROBABLE, scale * Math.pow(i + 1.0, -routing.skew())));
    return chosen;
  }

  private double quantile(double probability) {
    return quantiles[(int) (probability * QUANTILES)];
  }

  private int[] permutation(int length) {
    int[] order = new int[length];
    for (int i = 0; i < length; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  /** Random directions, each made orthogonal to those before (Gram and Schmidt). */
  private static float[][] orthonormal(int count, int length, Random normal) {
    float[][] all = new float[count][length];
    for (int i = 0; i < count; i++) {
      float[] next = all[i];
      for (int at = 0; at < length; at++) {
        next[at] = (float) normal.nextGaussian();
      }
      for (int before = 0; before < i; before++) {
        add(next, -dot(next, all[before]), all[before]);
      }
      scale(next, 1 / Math.sqrt(dot(next, next)));
    }
    return all;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void scale(float[] row, double factor) {
    for (int i = 0; i < row.length; i++) {
      row[i] *= (float) factor;
    }
  }

  private static void add(float[] row, double factor, float[] direction) {
    for (int i = 0; i < row.length; i++) {
      row[i] += (float) factor * direction[i];
    }
  }
}
