package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * What each running sequence's latest token was sent to. Scores are the sums of the tokens' router
 * weights. A sequence without a token before predicts nothing. A baseline: routing of neighbouring
 * tokens overlaps.
 *
 * <p>Costs O(sequences · k) per layer and layer ahead; k numbers per sequence and layer.
 */
final class PreviousTokenPredictor extends HistoryPredictor {
  private static final int UNKNOWN = -1;

  private final int k;
  private final SequenceSlots slots = new SequenceSlots();
  private final IntConsumer opened = this::opened;
  private final int[][] experts = new int[SequenceSlots.CAPACITY][];
  private final float[][] weights = new float[SequenceSlots.CAPACITY][];

  PreviousTokenPredictor(PredictorShape shape, PredictorOptions options) {
    super("history.previous-token", shape, options.lookaheadOr(3));
    k = shape.expertsPerToken();
  }

  @Override
  void began(StepRows rows) {
    slots.begin(rows, opened);
  }

  private void opened(int slot) {
    if (experts[slot] == null) {
      experts[slot] = new int[shape.places() * k];
      weights[slot] = new float[shape.places() * k];
    }
    Arrays.fill(experts[slot], UNKNOWN);
  }

  @Override
  public void sequenceEnded(int sequence) {
    slots.end(sequence);
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {
    for (int span = 0; span < rows.spans(); span++) {
      int slot = slots.ofSpan(span);
      if (slot != SequenceSlots.NONE) {
        int last = (rows.firstRow(span) + rows.rows(span) - 1) * k;
        System.arraycopy(routing.experts(), last, experts[slot], place * k, k);
        System.arraycopy(routing.weights(), last, weights[slot], place * k, k);
      }
    }
  }

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    for (int span = 0; span < rows.spans(); span++) {
      int slot = slots.ofSpan(span);
      for (int i = target * k; slot != SequenceSlots.NONE && i < (target + 1) * k; i++) {
        if (experts[slot][i] != UNKNOWN) {
          into[experts[slot][i]] += weights[slot][i];
        }
      }
    }
  }

  /** Nothing is kept beyond a sequence. */
  @Override
  void write(DataOutputStream out) {}

  @Override
  void read(DataInputStream in) {
    slots.clear();
  }
}
