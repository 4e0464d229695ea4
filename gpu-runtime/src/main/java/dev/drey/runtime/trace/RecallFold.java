package dev.drey.runtime.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How good predictions were, by their distance: the number of layers from the router they were made
 * after to the layer they are for.
 *
 * <p>A prediction P is compared with the set A its layer demanded, one (step, layer) at a time, and
 * the shares are averaged over them. <i>Recall</i> is |P ∩ A| / |A| over all of P; <i>recall of as
 * many</i> counts only the |A| likeliest of P. <i>Precision</i> is |P ∩ A| / |P|; <i>exact</i> says
 * how often P ⊇ A. <i>Miss-stream recall</i> is recall over those members of A that would not have
 * been there without prefetching: misses, late hits, and hits on prefetches not used before. <i>In
 * time</i> is the share of correctly predicted members that were resident and complete at demand;
 * precision times it is ProMoE's "GoodPred".
 */
public final class RecallFold implements TraceSink {
  private record Guess(long step, int issuedAt, int target, int[] experts) {}

  private final int experts;
  private final List<Guess> guesses = new ArrayList<>();
  private final Map<Integer, Sums> byDistance = new TreeMap<>();
  private final BitSet unusedPrefetch = new BitSet();
  private final BitSet demanded = new BitSet();

  private static final class Sums {
    long count;
    double recall;
    double recallOfAsMany;
    double precision;
    long exact;
    long missStream;
    long missStreamPredicted;
    long correct;
    long inTime;
  }

  /** A fold over a trace with this header. */
  public RecallFold(TraceHeader header) {
    experts = header.experts();
  }

  @Override
  public void predicted(
      long nanos,
      long step,
      int issuedAtLayer,
      int targetLayer,
      int count,
      int[] ids,
      float[] scores) {
    int[] copy = Arrays.copyOf(ids, count);
    guesses.add(new Guess(step, issuedAtLayer, targetLayer, copy));
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    guesses.clear(); // those for layers that were never reached
  }

  @Override
  public void loadIssued(long nanos, long load, int layer, int expert, boolean prefetch) {
    unusedPrefetch.set(layer * experts + expert, prefetch);
  }

  @Override
  public void evicted(long nanos, int layer, int expert, boolean unused) {
    unusedPrefetch.clear(layer * experts + expert);
  }

  @Override
  public void demanded(
      long nanos, long step, int layer, int count, int[] ids, DemandOutcome[] outcomes) {
    demanded.clear();
    for (int i = 0; i < count; i++) {
      demanded.set(ids[i]);
    }
    for (Iterator<Guess> all = guesses.iterator(); all.hasNext(); ) {
      Guess guess = all.next();
      if (guess.step() == step && guess.target() == layer) {
        compare(guess, count, ids, outcomes);
        all.remove();
      }
    }
    for (int i = 0; i < count; i++) {
      unusedPrefetch.clear(layer * experts + ids[i]);
    }
  }

  private void compare(Guess guess, int count, int[] ids, DemandOutcome[] outcomes) {
    if (count == 0 || guess.experts().length == 0) {
      return;
    }
    Sums sums =
        byDistance.computeIfAbsent(guess.target() - guess.issuedAt(), distance -> new Sums());
    BitSet predicted = new BitSet();
    int common = 0;
    int commonOfAsMany = 0;
    for (int i = 0; i < guess.experts().length; i++) {
      predicted.set(guess.experts()[i]);
      int right = demanded.get(guess.experts()[i]) ? 1 : 0;
      common += right;
      commonOfAsMany += i < count ? right : 0;
    }
    sums.count++;
    sums.recall += (double) common / count;
    sums.recallOfAsMany += (double) commonOfAsMany / count;
    sums.precision += (double) common / guess.experts().length;
    sums.exact += common == count ? 1 : 0;
    for (int i = 0; i < count; i++) {
      boolean foreseen = predicted.get(ids[i]);
      if (outcomes[i] != DemandOutcome.HIT
          || unusedPrefetch.get(guess.target() * experts + ids[i])) {
        sums.missStream++;
        sums.missStreamPredicted += foreseen ? 1 : 0;
      }
      sums.correct += foreseen ? 1 : 0;
      sums.inTime += foreseen && outcomes[i] == DemandOutcome.HIT ? 1 : 0;
    }
  }

  /** The averages so far, by rising distance. */
  public List<RecallMetrics> metrics() {
    List<RecallMetrics> all = new ArrayList<>();
    byDistance.forEach(
        (distance, sums) ->
            all.add(
                new RecallMetrics(
                    distance,
                    sums.count,
                    sums.recall / sums.count,
                    sums.recallOfAsMany / sums.count,
                    sums.precision / sums.count,
                    (double) sums.exact / sums.count,
                    sums.missStream == 0 ? 1 : (double) sums.missStreamPredicted / sums.missStream,
                    sums.correct == 0 ? 1 : (double) sums.inTime / sums.correct)));
    return all;
  }
}
