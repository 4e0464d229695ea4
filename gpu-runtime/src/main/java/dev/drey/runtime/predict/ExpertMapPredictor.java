package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Single passes resemble earlier passes in what routers say, so that a pass may be continued as the
 * one most like it went on.
 *
 * <p><b>Maps.</b> An expert map is what all routers said in one pass of one sequence, with a vector
 * that says what the sequence is about. A bounded store keeps maps.
 *
 * <p><b>Prediction.</b> d layers ahead. The layers 0 … d − 1 are predicted when the step begins, by
 * the maps whose vectors are most similar (semantic); layer l + d after layer l, by the maps that
 * are most similar on the layers so far (trajectory). Of the four best maps' probabilities the mean
 * is taken, weighted by similarity. <b>The δ rule:</b> δ = 1 − similarity of the best map, from 0
 * to 1; the smallest set of likeliest experts is predicted whose probabilities sum to δ, but at
 * least as many as the rows will choose: the less alike, the wider. The sets of all sequences of
 * the step are united, each with its rows.
 *
 * <p><b>Upkeep.</b> A pass's map is added; if the store is full, it takes the place of the one it
 * makes most redundant, by d/L · semantic + (1 − d/L) · trajectory similarity (see {@link
 * ActivationMatrices}).
 *
 * <p><b>Names</b> of the paper, and what they are here:
 *
 * <pre>
 *  expert map                    {@code Followed.map}, kept in {@code maps}
 *  semantic embedding            {@code Followed.subject}, kept in {@code subjects}
 *  expert map store              {@code maps} and {@code subjects}, side by side
 *  semantic similarity           {@code subjects} with {@code subjectProducts}
 *  trajectory similarity         {@code maps} with {@code mapProducts}, up to the layer reached
 *  prefetch distance d           {@code lookahead()}
 *  selection threshold δ         {@code wanted} in {@code score}
 *  redundancy of two maps        {@code Followed.redundancy}
 * </pre>
 *
 * <p>Yu et al., "Taming Latency-Memory Trade-Off in MoE-Based LLM Serving via Fine-Grained Expert
 * Offloading" (fMoE, later FineMoE; arXiv 2502.05370). Ours: routers' probabilities are those of
 * the chosen k experts, all that devices and traces hold, which is why several maps are averaged;
 * the vector is the prompt's routing in the first layer that has experts instead of the embedding,
 * so that a trace suffices, and a prompt's first step has none; at most four maps are taken from a
 * step; and a map that makes none redundant takes the place of the one found least recently.
 *
 * <p>With P maps (capacity, 256): O(P) per chosen expert and O(P + E log E) per sequence and layer,
 * O(layers · E) per map taken; 8 · P · layers · E bytes.
 */
final class ExpertMapPredictor extends HistoryPredictor {
  private static final int CAPACITY = 256;
  private static final int MOST_NEAREST = 4;
  private static final int MOST_TAKEN = 4;

  private final ActivationMatrices maps;
  private final ActivationMatrices subjects;
  private final long[] takenInStep;
  private final FollowedSequences<Followed> followed =
      new FollowedSequences<>(Followed::new, Followed::clear, MOST_NEAREST);
  private final Ranking ranking;
  private final float[] likeness;
  private final float[] probabilities;
  private long steps;
  private int lastPlace = STEP_BEGIN;

  /** A running sequence. */
  private final class Followed {
    final float[] subject = new float[shape.experts()];
    final float[] subjectProducts = new float[subjects.capacity()];
    float subjectSquare;
    final float[] map = new float[shape.totalExperts()];
    final float[] mapProducts = new float[maps.capacity()];
    float mapSquare;

    void clearMap() {
      Arrays.fill(map, 0);
      Arrays.fill(mapProducts, 0);
      mapSquare = 0;
    }

    void clear() {
      clearMap();
      Arrays.fill(subject, 0);
      Arrays.fill(subjectProducts, 0);
      subjectSquare = 0;
    }

    void addToSubject(int expert, float probability) {
      subjects.addProducts(subjectProducts, expert, probability);
      subjectSquare += probability * (2 * subject[expert] + probability);
      subject[expert] += probability;
    }

    void addToMap(int cell, float probability) {
      maps.addProducts(mapProducts, cell, probability);
      mapSquare += probability * (2 * map[cell] + probability);
      map[cell] += probability;
    }

    /** How much of a stored map would be said twice. */
    float redundancy(int matrix) {
      float semantic = subjects.similarity(matrix, subjectProducts[matrix], subjectSquare, 0);
      int last = shape.places() - 1;
      float trajectory = maps.similarity(matrix, mapProducts[matrix], mapSquare, last);
      float share = (float) lookahead() / shape.places();
      return share * semantic + (1 - share) * trajectory;
    }
  }

  ExpertMapPredictor(PredictorShape shape, PredictorOptions options) {
    super("finemoe.expert-map", shape, options.lookaheadOr(3));
    int capacity = options.capacityOr(CAPACITY);
    maps = new ActivationMatrices(shape, capacity);
    subjects =
        new ActivationMatrices(
            PredictorShape.of(1, shape.experts(), shape.expertsPerToken()), capacity);
    takenInStep = new long[capacity];
    likeness = new float[capacity];
    ranking = new Ranking(shape.experts());
    probabilities = new float[shape.experts()];
  }

  @Override
  int firstTarget(int now) {
    return now == STEP_BEGIN ? 0 : now + lookahead();
  }

  /** The δ rule says how many. */
  @Override
  int most(int demandedNow) {
    return shape.experts();
  }

  // -- events

  @Override
  void began(StepRows rows) {
    steps++;
    lastPlace = STEP_BEGIN;
    followed.begin(rows);
    for (int span = 0; span < rows.spans(); span++) {
      Followed sequence = followed.ofSpan(span);
      if (sequence != null) {
        sequence.clearMap();
        NearestMatrices nearest = followed.nearest(span);
        nearest.find(
            subjects, sequence.subjectProducts, sequence.subjectSquare, 0, Float.MAX_VALUE);
        nearest.note(maps);
      }
    }
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {
    for (int span = 0; span < rows.spans(); span++) {
      Followed sequence = followed.ofSpan(span);
      if (sequence != null) {
        add(sequence, rows, span, place, routing);
        NearestMatrices nearest = followed.nearest(span);
        nearest.find(maps, sequence.mapProducts, sequence.mapSquare, place, Float.MAX_VALUE);
        nearest.note(maps);
      }
    }
    boolean whole = place == lastPlace + 1;
    lastPlace = whole ? place : shape.places();
    if (whole && place == shape.places() - 1) {
      take(rows);
    }
  }

  private void add(Followed sequence, StepRows rows, int span, int place, Routing routing) {
    int k = routing.k();
    int end = rows.firstRow(span) + rows.rows(span);
    for (int row = rows.firstRow(span); row < end; row++) {
      float sum = 0;
      for (int i = row * k; i < (row + 1) * k; i++) {
        sum += routing.weights()[i];
      }
      for (int i = row * k; i < (row + 1) * k && sum > 0; i++) {
        int expert = routing.experts()[i];
        float probability = routing.weights()[i] / sum / rows.rows(span);
        sequence.addToMap(place * shape.experts() + expert, probability);
        if (place == 0 && !rows.isDecode(span)) {
          sequence.addToSubject(expert, probability);
        }
      }
    }
  }

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    for (int span = 0; span < rows.spans(); span++) {
      NearestMatrices found = followed.nearest(span);
      if (found.count() == 0) {
        continue;
      }
      average(found, target);
      float wanted = Math.max(0, Math.min(1, 1 - found.similarity(0)));
      int least = shape.distinct(rows.rows(span));
      int ranked = ranking.rank(probabilities);
      float sum = 0;
      for (int rank = 0; rank < ranked && (rank < least || sum < wanted); rank++) {
        float probability = probabilities[ranking.expert(rank)];
        sum += probability;
        into[ranking.expert(rank)] += rows.rows(span) * probability;
      }
    }
  }

  private void average(NearestMatrices found, int target) {
    float sum = 0;
    for (int i = 0; i < found.count(); i++) {
      sum += found.similarity(i);
    }
    Arrays.fill(probabilities, 0);
    for (int i = 0; i < found.count(); i++) {
      maps.addRow(found.matrix(i), target, found.similarity(i) / sum, probabilities);
    }
  }

  @Override
  public void sequenceEnded(int sequence) {
    followed.end(sequence);
  }

  // -- upkeep

  private void take(StepRows rows) {
    int taken = Math.min(MOST_TAKEN, rows.spans());
    for (int i = 0; i < taken; i++) {
      int span = (int) ((steps + i) % rows.spans());
      Followed sequence = followed.ofSpan(span);
      if (sequence != null) {
        take(sequence);
      }
    }
  }

  private void take(Followed sequence) {
    for (int matrix = 0; matrix < maps.size(); matrix++) {
      likeness[matrix] = takenInStep[matrix] == steps ? 0 : sequence.redundancy(matrix);
    }
    int matrix = maps.placeFor(likeness);
    takenInStep[matrix] = steps; // products with what was there before are void in this step
    maps.store(matrix, sequence.map);
    subjects.store(matrix, sequence.subject);
    followed.forEach(
        running -> running.subjectProducts[matrix] = subjects.product(matrix, running.subject));
  }

  // -- snapshots

  @Override
  String settings() {
    return ", " + maps.capacity() + " maps, " + lookahead() + " layers ahead";
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    maps.write(out);
    subjects.write(out);
    out.writeLong(steps);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    maps.read(in);
    subjects.read(in);
    steps = in.readLong();
    Arrays.fill(takenInStep, 0);
    followed.clear();
  }
}
