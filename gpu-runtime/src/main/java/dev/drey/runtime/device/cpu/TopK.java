package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.ExpertChoice;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.RouterConfig.Score;
import dev.drey.runtime.threads.ThreadTeam;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The router: logits by oneDNN in float32, scores, the choice. */
final class TopK implements ThreadTeam.Work {
  private static final float[] NONE = {};

  /** What one kind of router needs: its product, and a choice and biases of its own size. */
  private static final class Kind {
    final int experts;
    final int k;
    final RouterConfig rule;
    final Product product;
    final ExpertChoice[] choices;
    final float[] logitBias;
    final float[] choiceBias;

    Kind(Router router, Product product, int workers) {
      this.experts = router.experts();
      this.k = router.k();
      this.rule = router.rule();
      this.product = product;
      this.choices = new ExpertChoice[workers];
      for (int i = 0; i < workers; i++) {
        choices[i] = new ExpertChoice(experts, k, rule);
      }
      this.logitBias = new float[experts];
      this.choiceBias = new float[experts];
    }

    boolean serves(Router router) {
      return experts == router.experts() && k == router.k() && rule.equals(router.rule());
    }
  }

  private final StreamState state;
  private final List<Kind> kinds = new ArrayList<>();
  private final TileList tiles = new TileList();

  private Kind kind;
  private long sourceAt;
  private long weightsAt;
  private float[] logitBias = NONE;
  private float[] choiceBias = NONE;
  private Routing routing = new Routing(0, 1);

  @SuppressWarnings("NullAway.Init") // the kind is set by every call
  TopK(StreamState state) {
    this.state = state;
  }

  void run(DeviceBuffer x, int rows, int hidden, Router router, Routing out) {
    check(hidden, router, out);
    kind = kind(router);
    NativeBuffer source = NativeBuffer.of(x, 4L * rows * hidden);
    sourceAt = source.address();
    weightsAt = NativeBuffer.of(router.weight(), 4L * hidden * router.experts()).address();
    logitBias = loaded(router.logitBias(), kind.logitBias);
    choiceBias = loaded(router.choiceBias(), kind.choiceBias);
    routing = out;
    tiles.cut(rows, state.plan().routerTiles() - 1);
    int last = tiles.count() - 1;
    if (last >= 0 && tiles.padded(last)) {
      int rowBytes = hidden * Float.BYTES;
      state
          .padding()
          .bytes()
          .put(0, source.byteView(), tiles.first(last) * rowBytes, tiles.rows(last) * rowBytes);
    }
    state.run(tiles.count(), this);
  }

  private void check(int hidden, Router router, Routing out) {
    if (hidden != state.plan().model().hidden()
        || !state.plan().routerOutputs().contains(router.experts())) {
      throw new IllegalArgumentException(
          "a router of %d inputs and %d experts; this model's have %d inputs and %s experts"
              .formatted(
                  hidden,
                  router.experts(),
                  state.plan().model().hidden(),
                  state.plan().routerOutputs()));
    }
    if (router.k() != out.k()) {
      throw new IllegalArgumentException(
          "%d experts per token for a routing of %d".formatted(router.k(), out.k()));
    }
  }

  private Kind kind(Router router) {
    for (Kind known : kinds) {
      if (known.serves(router)) {
        return known;
      }
    }
    Product product = state.product(state.plan().router(router.experts()));
    Kind added = new Kind(router, product, state.threads());
    kinds.add(added);
    return added;
  }

  private static float[] loaded(@Nullable DeviceBuffer bias, float[] into) {
    if (bias == null) {
      return NONE;
    }
    NativeBuffer.of(bias, 4L * into.length).floats().get(0, into);
    return into;
  }

  @Override
  public void run(int workerIndex, int tile) {
    Worker worker = state.worker(workerIndex);
    long from =
        tiles.padded(tile)
            ? state.padding().address()
            : sourceAt + (long) tiles.first(tile) * kind.product.spec().inputs() * Float.BYTES;
    kind.product.call(workerIndex, tiles.tile(tile)).run(from, weightsAt, worker.outputAt);
    int experts = kind.experts;
    int rows = tiles.rows(tile);
    worker.widen(rows * experts);
    float[] values = worker.row;
    worker.output.get(0, values, 0, rows * experts);
    for (int row = 0; row < rows && logitBias.length > 0; row++) {
      RowMath.add(values, row * experts, logitBias, 0, experts);
    }
    score(worker, values, rows);
    for (int row = 0; row < rows; row++) {
      int entry = (tiles.first(tile) + row) * kind.k;
      if (kind.rule.score() == Score.SPARSE_MIXER) {
        kind.choices[workerIndex].mix(values, row * experts, routing, entry);
      } else {
        kind.choices[workerIndex].choose(values, row * experts, choiceBias, routing, entry);
      }
    }
  }

  /** From logits to what the choice is made by. */
  private void score(Worker worker, float[] values, int rows) {
    switch (kind.rule.score()) {
      case SOFTMAX -> softmax(worker, values, rows);
      case SIGMOID -> worker.sigmoid(values, rows * kind.experts);
      case SPARSE_MIXER -> {}
    }
  }

  private void softmax(Worker worker, float[] values, int rows) {
    int experts = kind.experts;
    for (int row = 0; row < rows; row++) {
      float max = RowMath.max(values, row * experts, experts, Float.NEGATIVE_INFINITY);
      RowMath.shift(values, row * experts, experts, max, 1);
    }
    worker.exp(values, rows * experts);
    for (int row = 0; row < rows; row++) {
      float sum = RowMath.sum(values, row * experts, experts);
      for (int expert = 0; expert < experts; expert++) {
        values[row * experts + expert] /= sum;
      }
    }
  }
}
