package dev.drey.runtime.sampling;

import java.nio.FloatBuffer;
import java.util.Set;

/**
 * Chooses tokens from logits.
 *
 * <p><b>Bits.</b> What is chosen is a function of the logits' bits, the parameters, the prompt and
 * the output so far: nothing is kept from call to call, every reduction has a fixed order, the
 * exponential is the same on every machine, and the draw is a function of (seed, position).
 *
 * <p><b>Order of the rules</b> (that of vLLM): log-probabilities of the unmodified logits; until
 * {@code min_tokens} end and stop tokens are excluded; penalties; if the temperature is 0 the
 * likeliest token, ties to the lower id; otherwise logits divided by the temperature, {@code top_k}
 * likeliest, of these the fewest whose probabilities reach {@code top_p}, of these the ones with at
 * least {@code min_p} of the likeliest's probability, and one draw by the inverse of the cumulative
 * distribution over the rest in falling order of probability, then rising order of id.
 *
 * <p><b>Ownership.</b> Scratch of {@link #scratchBytes} in the Java heap, allocated once. One
 * thread at a time.
 */
public final class Sampler {
  /** Candidates less likely than {@code e^-NEAR} of the likeliest are rarely asked for. */
  private static final double NEAR = 14;

  private static final int[] NO_IDS = {};
  private static final float[] NO_LOGPROBS = {};

  private final int vocabulary;
  private final Set<Integer> endTokens;
  private final float[] raw;
  private final float[] adjusted;
  private final Penalties penalties;
  private final CandidateOrder order;
  private final TopLogits top;

  /**
   * @param vocabulary logits per row
   * @param endTokens the model's end tokens
   */
  public Sampler(int vocabulary, Set<Integer> endTokens) {
    this.vocabulary = vocabulary;
    this.endTokens = Set.copyOf(endTokens);
    this.raw = new float[vocabulary];
    this.adjusted = new float[vocabulary];
    this.penalties = new Penalties(vocabulary);
    this.order = new CandidateOrder(vocabulary);
    this.top = new TopLogits();
  }

  /** Heap memory of one sampler, in bytes. */
  public static long scratchBytes(int vocabulary) {
    return (long) vocabulary * (2 * Float.BYTES + Integer.BYTES + Long.BYTES);
  }

  /**
   * Chooses the next token.
   *
   * @param logits a row from the buffer's position; the position is not changed
   * @throws LogitsException if a logit is NaN or positive infinity, or no token can be chosen
   */
  public TokenChoice sample(FloatBuffer logits, SamplingParams params, TokenHistory history) {
    int likeliest = load(logits, history, history.position());
    int id = likeliest;
    boolean excludes = history.outputCount() < params.minTokens();
    if (params.temperature() > 0 || excludes || Penalties.wanted(params)) {
      adjust(params, history, excludes);
      int best = likeliest(adjusted);
      if (adjusted[best] == Float.NEGATIVE_INFINITY) {
        throw new LogitsException(history, history.position(), best, adjusted[best]);
      }
      id = params.temperature() == 0 ? best : draw(params, adjusted[best], history.position());
    }
    return choice(id, likeliest, params.logprobs() >= 0, params.logprobs());
  }

  /**
   * Says how likely a given token is.
   *
   * @param logits a row from the buffer's position; the position is not changed
   * @param id the token
   * @param position its position, for messages
   * @param alternatives number of likeliest tokens reported
   * @throws LogitsException if a logit is NaN or positive infinity, or all are minus infinity
   */
  public TokenChoice score(
      FloatBuffer logits, int id, int alternatives, TokenHistory history, int position) {
    return choice(id, load(logits, history, position), true, alternatives);
  }

  /** Copies and checks a row; returns the likeliest token. */
  private int load(FloatBuffer logits, TokenHistory history, int position) {
    logits.get(logits.position(), raw);
    int best = 0;
    for (int id = 0; id < vocabulary; id++) {
      if (!(raw[id] <= raw[best])) { // greater, or NaN
        best = id;
        if (!(raw[id] <= Float.MAX_VALUE)) {
          break;
        }
      }
    }
    if (!(Math.abs(raw[best]) <= Float.MAX_VALUE)) {
      throw new LogitsException(history, position, best, raw[best]);
    }
    return best;
  }

  private int likeliest(float[] logits) {
    int best = 0;
    for (int id = 1; id < vocabulary; id++) {
      if (logits[id] > logits[best]) {
        best = id;
      }
    }
    return best;
  }

  private void adjust(SamplingParams params, TokenHistory history, boolean excludes) {
    System.arraycopy(raw, 0, adjusted, 0, vocabulary);
    if (excludes) {
      if (!params.ignoreEos()) {
        exclude(endTokens);
      }
      exclude(params.stopTokenIds());
    }
    if (Penalties.wanted(params)) {
      penalties.apply(adjusted, params, history);
    }
  }

  private void exclude(Set<Integer> ids) {
    for (int id : ids) {
      if (id >= 0 && id < vocabulary) {
        adjusted[id] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private TokenChoice choice(int id, int likeliest, boolean wantsLogprob, int alternatives) {
    if (!wantsLogprob) {
      return new TokenChoice(id, Float.NaN, id == likeliest, NO_IDS, NO_LOGPROBS);
    }
    double max = raw[likeliest];
    double logSum = LogSoftmax.logSum(raw, vocabulary, raw[likeliest]);
    float logprob = (float) (raw[id] - max - logSum);
    if (alternatives <= 0) {
      return new TokenChoice(id, logprob, id == likeliest, NO_IDS, NO_LOGPROBS);
    }
    int[] topIds = top.likeliest(raw, vocabulary, alternatives);
    float[] topLogprobs = new float[topIds.length];
    for (int i = 0; i < topIds.length; i++) {
      topLogprobs[i] = (float) (raw[topIds[i]] - max - logSum);
    }
    return new TokenChoice(id, logprob, id == likeliest, topIds, topLogprobs);
  }

  /** Truncates and draws from the adjusted logits. */
  private int draw(SamplingParams params, float max, int position) {
    double scale = Math.min(1 / params.temperature(), Double.MAX_VALUE);
    order.reset(adjusted, vocabulary, (float) (max - NEAR / scale));
    int limit = params.topK() > 0 ? Math.min(params.topK(), order.size()) : order.size();
    double mass =
        limit < order.size()
            ? massOf(limit, max, scale)
            : LogSoftmax.sumExp(adjusted, vocabulary, max, scale);
    if (params.topP() < 1 || params.minP() > 0) {
      double enough = params.topP() < 1 ? params.topP() * mass : Double.POSITIVE_INFINITY;
      int kept = 0;
      mass = 0;
      while (kept < limit && (kept == 0 || mass < enough)) {
        double weight = weight(kept, max, scale);
        if (weight < params.minP()) {
          break;
        }
        mass += weight;
        kept++;
      }
      limit = kept;
    }
    return pick(CounterRandom.uniform(params.seed(), position) * mass, limit, max, scale);
  }

  private double massOf(int count, float max, double scale) {
    double mass = 0;
    for (int rank = 0; rank < count; rank++) {
      mass += weight(rank, max, scale);
    }
    return mass;
  }

  /**
   * The first candidate at which the cumulative weight exceeds the target. Where rounding keeps the
   * sum below, the last one with any weight.
   */
  private int pick(double target, int count, float max, double scale) {
    double sum = 0;
    int last = 0;
    for (int rank = 0; rank < count; rank++) {
      double weight = weight(rank, max, scale);
      if (weight == 0) {
        break;
      }
      last = rank;
      sum += weight;
      if (sum > target) {
        break;
      }
    }
    return order.id(last);
  }

  private double weight(int rank, float max, double scale) {
    return Exponential.of(((double) order.logit(rank) - max) * scale);
  }
}
