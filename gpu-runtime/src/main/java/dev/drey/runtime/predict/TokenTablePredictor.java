package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;

/**
 * A table from token ids to the experts they were sent to, layer by layer. When a step begins, its
 * tokens are known and all layers are predicted at once, before any of them runs.
 *
 * <p>Du et al., "SiDA-MoE: Sparsity-Inspired Data-Aware Serving for Efficient and Scalable Large
 * Mixture-of-Experts Models" (MLSys 2024, arXiv 2310.18859), whose hash table says for a batch
 * ahead which experts every token will need. There a trained network fills it from the embeddings
 * and the routers are not run at all; here it remembers what routers chose for the same token
 * before, knows nothing of the context, and is a hint: the router decides. The table is bounded
 * (capacity, 4096 tokens): seldom seen tokens are lost, and each remembers its 2k likeliest experts
 * per layer. With a lookahead set, a layer is predicted so many layers ahead instead of at once.
 *
 * <p>Costs O(rows · k) per layer to learn and O(rows · k · layers) when a step begins; 8 · k bytes
 * per token and layer. Reads token ids, which traces do not hold.
 */
final class TokenTablePredictor extends HistoryPredictor {
  private static final int CAPACITY = 4096;

  private final KeyTable tokens;
  private final ExpertLists experts;
  private int[] numberOfRow = new int[0];

  TokenTablePredictor(PredictorShape shape, PredictorOptions options) {
    super("sida.token-table", shape, options.lookaheadOr(shape.places()));
    tokens = new KeyTable(options.capacityOr(CAPACITY));
    experts = new ExpertLists(tokens.capacity() * shape.places(), 2 * shape.expertsPerToken());
  }

  @Override
  public Set<PredictorInput> reads() {
    return Set.of(PredictorInput.ROUTING, PredictorInput.TOKENS);
  }

  @Override
  int firstTarget(int now) {
    return now == STEP_BEGIN ? 0 : now + lookahead();
  }

  @Override
  void began(StepRows rows) {
    if (numberOfRow.length < rows.rows()) {
      numberOfRow = new int[rows.rows()];
    }
    Arrays.fill(numberOfRow, KeyTable.NONE);
    for (int row = 0; row < rows.rows(); row++) {
      int number = tokens.find(rows.tokenId(row));
      if (number == KeyTable.NONE) {
        number = tokens.add(rows.tokenId(row));
        experts.clear(number * shape.places(), shape.places());
      } else {
        tokens.use(number);
      }
      numberOfRow[row] = number;
    }
  }

  /** Whether a row's token still has its number: another of the step may have taken it. */
  private boolean isKnown(StepRows rows, int row) {
    return tokens.holds(numberOfRow[row], rows.tokenId(row));
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {
    int k = routing.k();
    for (int row = 0; row < rows.rows(); row++) {
      for (int i = row * k; i < (row + 1) * k && isKnown(rows, row); i++) {
        experts.count(numberOfRow[row] * shape.places() + place, routing.experts()[i]);
      }
    }
  }

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    for (int row = 0; row < rows.rows(); row++) {
      if (isKnown(rows, row)) {
        experts.addShares(numberOfRow[row] * shape.places() + target, into);
      }
    }
  }

  @Override
  String settings() {
    return ", " + tokens.capacity() + " tokens";
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    tokens.write(out);
    experts.write(out);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    tokens.read(in);
    experts.read(in);
  }
}
