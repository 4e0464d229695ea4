package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Requests resemble earlier requests in the experts they use.
 *
 * <p><b>Matrices.</b> The activation matrix of a pass (iEAM) counts, layer by layer, the tokens of
 * one sequence sent to each expert; layers not reached yet are 0. A request's matrix (rEAM) is the
 * sum over its passes. The collection (EAMC) keeps those of past requests.
 *
 * <p><b>Prediction.</b> After each layer the pass is compared with the collection on the layers so
 * far; before the first layer the request is. The layers ahead of the nearest request, or of up to
 * four that are nearly as near, are averaged, each layer's sum being 1, and weighted with the
 * layer's proximity 1 − (i − l)/(L + 1): the predicted matrix (pEAM). Those of all sequences of the
 * step are added up, each with its rows. While the collection is empty, the request's own matrix
 * stands in.
 *
 * <p><b>Upkeep.</b> The matrix of a finished request is added; if the collection is full, it takes
 * the place of the one most like it (see {@link ActivationMatrices}).
 *
 * <p>Xue et al., "MoE-Infinity: Efficient MoE Inference on Personal Machines with Sparsity-Aware
 * Expert Cache" (arXiv 2401.14361v3), sections on tracing and prefetching; the published code does
 * something else. Ours: prompt and answer are traced one after the other, a request whose answer
 * begins starts a new matrix, so a request that has none is kept by its prompt; near ties are
 * averaged; batch groups add up; and a matrix unlike all others takes the place of the one found
 * least recently, for by likeness alone the requests of a new domain would replace each other.
 *
 * <p>With P matrices (capacity, 128): O(P) per chosen expert and O(P + E · layers ahead) per
 * sequence and layer; 8 · P · layers · E bytes.
 */
final class ActivationTracePredictor extends HistoryPredictor {
  private static final int CAPACITY = 128;
  private static final int MOST_NEAREST = 4;
  private static final float NEARLY = 0.02f;

  private final ActivationMatrices collection;
  private final FollowedSequences<Traced> traced =
      new FollowedSequences<>(Traced::new, Traced::clear, MOST_NEAREST);
  private final int[] rowsOf;
  private final float[] likeness;

  /** A running request. */
  private final class Traced {
    final float[] request = new float[shape.totalExperts()];
    final float[] requestProducts = new float[collection.capacity()];
    float requestSquare;
    final float[] passProducts = new float[collection.capacity()];
    float passSquare;
    boolean answering;

    void clear() {
      clearRequest();
      answering = false;
    }

    void clearRequest() {
      Arrays.fill(request, 0);
      Arrays.fill(requestProducts, 0);
      requestSquare = 0;
    }

    void clearPass() {
      Arrays.fill(passProducts, 0);
      passSquare = 0;
    }

    /** So many of the pass's tokens go to an expert. */
    void add(int cell, float tokens) {
      collection.addProducts(passProducts, cell, tokens);
      passSquare += tokens * tokens;
      collection.addProducts(requestProducts, cell, tokens);
      requestSquare += tokens * (2 * request[cell] + tokens);
      request[cell] += tokens;
    }

    float requestSimilarity(int matrix) {
      int last = shape.places() - 1;
      return collection.similarity(matrix, requestProducts[matrix], requestSquare, last);
    }
  }

  ActivationTracePredictor(PredictorShape shape, PredictorOptions options) {
    super("infinity.activation-trace", shape, options.lookaheadOr(3));
    collection = new ActivationMatrices(shape, options.capacityOr(CAPACITY));
    rowsOf = new int[shape.experts()];
    likeness = new float[collection.capacity()];
  }

  // -- events

  @Override
  void began(StepRows rows) {
    traced.begin(rows);
    for (int span = 0; span < rows.spans(); span++) {
      Traced sequence = traced.ofSpan(span);
      if (sequence != null) {
        sequence.clearPass();
        NearestMatrices nearest = traced.nearest(span);
        nearest.find(
            collection,
            sequence.requestProducts,
            sequence.requestSquare,
            shape.places() - 1,
            NEARLY);
        nearest.note(collection);
        if (rows.isDecode(span) && !sequence.answering) {
          sequence.answering = true;
          sequence.clearRequest();
        }
      }
    }
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {
    int k = routing.k();
    for (int span = 0; span < rows.spans(); span++) {
      Traced sequence = traced.ofSpan(span);
      if (sequence == null) {
        continue;
      }
      int from = rows.firstRow(span) * k;
      int to = from + rows.rows(span) * k;
      for (int i = from; i < to; i++) {
        rowsOf[routing.experts()[i]]++;
      }
      for (int i = from; i < to; i++) { // each expert once, in the order of the rows
        int expert = routing.experts()[i];
        if (rowsOf[expert] > 0) {
          sequence.add(place * shape.experts() + expert, rowsOf[expert]);
          rowsOf[expert] = 0;
        }
      }
      NearestMatrices nearest = traced.nearest(span);
      nearest.find(collection, sequence.passProducts, sequence.passSquare, place, NEARLY);
      nearest.note(collection);
    }
  }

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    float proximity = 1 - (float) (target - now) / (shape.places() + 1);
    for (int span = 0; span < rows.spans(); span++) {
      Traced sequence = traced.ofSpan(span);
      if (sequence == null) {
        continue;
      }
      NearestMatrices found = traced.nearest(span);
      float weight = proximity * rows.rows(span);
      for (int i = 0; i < found.count(); i++) {
        collection.addRow(found.matrix(i), target, weight / found.count(), into);
      }
      if (collection.size() == 0) {
        addOwn(sequence.request, target, weight, into);
      }
    }
  }

  private void addOwn(float[] request, int place, float weight, float[] into) {
    int from = place * shape.experts();
    float sum = 0;
    for (int expert = 0; expert < into.length; expert++) {
      sum += request[from + expert];
    }
    for (int expert = 0; expert < into.length && sum > 0; expert++) {
      into[expert] += weight * request[from + expert] / sum;
    }
  }

  // -- upkeep

  @Override
  public void sequenceEnded(int sequence) {
    Traced ended = traced.end(sequence);
    if (ended != null && ended.requestSquare > 0) {
      keep(ended);
    }
  }

  private void keep(Traced ended) {
    for (int matrix = 0; matrix < collection.size(); matrix++) {
      likeness[matrix] = ended.requestSimilarity(matrix);
    }
    int stored = collection.placeFor(likeness);
    collection.store(stored, ended.request);
    traced.forEach(
        running -> running.requestProducts[stored] = collection.product(stored, running.request));
  }

  // -- snapshots

  @Override
  String settings() {
    return ", " + collection.capacity() + " matrices";
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    collection.write(out);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    collection.read(in);
    traced.clear();
  }
}
