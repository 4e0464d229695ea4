package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.RouterConfig;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The router: logits, then one warp per row that chooses. Experts and weights of all rows come back
 * to the host in one copy.
 */
final class TopK {
  private static final int THREADS = 32;

  /** Up to so many rows, small tiles keep more of the GPU busy. */
  private static final int FEW_ROWS = 1024;

  private final StreamState state;
  private final Products products;
  private final List<ProductKernel> variants = ProductKernel.routerLogits();

  TopK(StreamState state, Products products) {
    this.state = state;
    this.products = products;
  }

  /** See {@link dev.drey.runtime.device.ComputeStream#routeTopK}. */
  void run(DeviceBuffer x, int rows, int hidden, Router router, Routing out) {
    long from = CudaBuffer.address(x, (long) rows * hidden * Float.BYTES);
    int k = router.k();
    long perRow = (router.experts() + 2L * k) * Float.BYTES;
    long fitting = (state.plan().workBytes() - 512) / perRow;
    int most = (int) Math.min(fitting, state.readBack().capacity() / (8L * k));
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      long part = from + (long) first * hidden * Float.BYTES;
      long choice = choose(part, count, hidden, router);
      ByteBuffer chosen = state.readBack().read(choice, count * k * 8);
      chosen.asIntBuffer().get(out.experts(), first * k, count * k);
      chosen
          .slice(count * k * 4, count * k * 4)
          .order(chosen.order())
          .asFloatBuffer()
          .get(out.weights(), first * k, count * k);
    }
  }

  /** Issues the choice; returns the address of all experts, the weights behind them. */
  private long choose(long x, int rows, int hidden, Router router) {
    int experts = router.experts();
    long logits = state.work();
    logits(x, rows, hidden, router, logits);
    long chosen = logits + StreamPlan.align((long) rows * experts * Float.BYTES);
    RouterConfig rule = router.rule();
    state
        .launch(state.kernel("router_choice"))
        .address(logits)
        .number(rows)
        .number(experts)
        .number(router.k())
        .address(RowOperations.addressOrNull(router.choiceBias(), experts))
        .number(
            switch (rule.score()) {
              case SOFTMAX -> 0;
              case SIGMOID -> 1;
              case SPARSE_MIXER -> 2;
            })
        .number(rule.normalise() ? 1 : 0)
        .number((float) rule.scale())
        .number(rule.groups())
        .number(rule.keptGroups())
        .number(rule.groupScore() == RouterConfig.GroupScore.BEST_TWO ? 1 : 0)
        .number((float) rule.jitter())
        .address(chosen)
        .address(chosen + (long) rows * router.k() * Integer.BYTES)
        .run(new Grid(rows, 1, 1, THREADS, 1, 8 * experts + 4 * rule.groups()));
    return chosen;
  }

  private void logits(long x, int rows, int hidden, Router router, long logits) {
    int experts = router.experts();
    ByteBuffer group = state.tables().fresh();
    group.putLong(CudaBuffer.address(router.weight(), (long) experts * hidden * Float.BYTES));
    group.putLong(RowOperations.addressOrNull(router.logitBias(), experts));
    long groups = state.tables().putKnown();
    ProductKernel variant = variants.get(rows <= FEW_ROWS ? 0 : variants.size() - 1);
    products.matmul(
        variant,
        Products.Source.rows(x, hidden),
        groups,
        products.tiles(rows, 1, variant.rows()),
        hidden,
        experts,
        new Products.Target(logits, experts, 0, 0, false));
  }
}
