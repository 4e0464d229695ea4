package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.RouterConfig;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The router: logits, then one warp per row that chooses. Experts and weights of all rows, and of
 * all routers that are started together, come back to the host in one copy, into one of a few
 * pinned places, which are taken in turn.
 */
final class TopK {
  private static final int THREADS = 32;

  /** Up to so many rows, small tiles keep more of the GPU busy. */
  private static final int FEW_ROWS = 1024;

  private final StreamState state;
  private final Products products;
  private final List<ProductKernel> variants = ProductKernel.routerLogits();
  private int started;

  TopK(StreamState state, Products products) {
    this.state = state;
    this.products = products;
  }

  /** See {@link ComputeStream#routeTopK}. */
  void run(DeviceBuffer x, int rows, int hidden, Router router, Routing out) {
    int most = Math.max(1, most(router));
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      start(x, first, count, hidden, List.of(router), List.of(out)).await();
    }
  }

  /** See {@link ComputeStream#startRoutings}; null if there are too many rows to do so. */
  ComputeStream.@Nullable PendingRouting start(
      DeviceBuffer x, int rows, int hidden, List<Router> routers, List<Routing> out) {
    long choices = 0;
    int experts = 0;
    for (Router router : routers) {
      choices += 8L * rows * router.k();
      experts = Math.max(experts, router.experts());
    }
    long work = StreamPlan.align(4L * rows * experts) + choices;
    return choices > state.plan().choiceBytes() || work > state.plan().workBytes()
        ? null
        : start(x, 0, rows, hidden, routers, out);
  }

  /** Most rows of one router at a time. */
  private int most(Router router) {
    long perRow = (router.experts() + 2L * router.k()) * Float.BYTES;
    long fitting = (state.plan().workBytes() - 512) / perRow;
    return (int) Math.min(fitting, state.plan().choiceBytes() / (8L * router.k()));
  }

  private ComputeStream.PendingRouting start(
      DeviceBuffer x, int first, int rows, int hidden, List<Router> routers, List<Routing> out) {
    long numbers = (long) (first + rows) * hidden;
    long from = CudaBuffer.address(x, numbers * Float.BYTES) + 4L * first * hidden;
    int widest = routers.stream().mapToInt(Router::experts).max().orElse(0);
    long choices = state.work() + StreamPlan.align((long) rows * widest * Float.BYTES);
    long bytes = 0;
    for (Router router : routers) {
      choose(from, rows, hidden, router, choices + bytes);
      bytes += 8L * rows * router.k();
    }
    int number = started++;
    PinnedArea place = state.choicePlace(number % ComputeStream.MAX_PENDING_ROUTINGS);
    state.queue().copyToHost(place.at(0), choices, bytes);
    DeviceEvent done = state.queue().mark();
    return () -> {
      if (started - number > ComputeStream.MAX_PENDING_ROUTINGS) {
        throw new IllegalStateException(
            "a routing was overtaken by %d others".formatted(started - number - 1));
      }
      done.await();
      ByteBuffer chosen = place.view();
      for (int i = 0; i < routers.size(); i++) {
        take(chosen, first, rows, routers.get(i).k(), out.get(i));
      }
    };
  }

  /** Takes the experts of all rows, then their weights. */
  private static void take(ByteBuffer chosen, int first, int rows, int k, Routing out) {
    for (int i = 0; i < rows * k; i++) {
      out.experts()[first * k + i] = chosen.getInt();
    }
    for (int i = 0; i < rows * k; i++) {
      out.weights()[first * k + i] = chosen.getFloat();
    }
  }

  /** Issues the choice, of the experts of all rows and their weights behind them. */
  private void choose(long x, int rows, int hidden, Router router, long chosen) {
    int experts = router.experts();
    long logits = state.work();
    logits(x, rows, hidden, router, logits);
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
