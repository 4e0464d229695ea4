package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.threads.ThreadTeam;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.bytedeco.dnnl.stream;

/**
 * What the operations of a stream share: the team and its workers, compiled products, the tile that
 * pads inputs. Owns all of it; opening closes everything again if a step fails.
 */
final class StreamState implements AutoCloseable {
  private final StreamPlan plan;
  private final MemoryBudget budget;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final Map<MatmulSpec, Product> products = new HashMap<>();
  private final Worker[] workers;
  private final ThreadTeam team;
  private final Tile padding;
  private final Tile between;
  private BooleanSupplier cancelled = () -> false;
  private boolean closed;

  StreamState(CpuDevice device, StreamPlan plan, MemoryBudget budget, int threads) {
    this.plan = plan;
    this.budget = budget;
    OneDnn library = device.library();
    budget.reserve(plan.primitiveBytes());
    try {
      Scratch scratch =
          new Scratch(own(device.memory(budget, plan.scratchBytes(threads), "compute stream")));
      this.padding = Tile.of(scratch.take(plan.inputBytes()), plan.activation());
      this.between = Tile.of(scratch.take(plan.betweenBytes()), plan.activation());
      this.workers = new Worker[threads];
      for (int i = 0; i < threads; i++) {
        workers[i] = own(new Worker(library.engine(), plan, scratch));
      }
      compile(library);
      new TileCheck(library, this::product).check(plan);
      this.team = own(new ThreadTeam(threads, "drey-cpu"));
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  private void compile(OneDnn library) {
    stream[] streams = new stream[workers.length];
    long[] scratchpads = new long[workers.length];
    for (int i = 0; i < workers.length; i++) {
      streams[i] = workers[i].queue;
      scratchpads[i] = workers[i].scratchpad;
    }
    plan.products()
        .forEach(
            (spec, tiles) ->
                products.put(spec, own(new Product(library, spec, tiles, streams, scratchpads))));
  }

  StreamPlan plan() {
    return plan;
  }

  Product product(MatmulSpec spec) {
    Product product = products.get(spec);
    if (product == null) {
      throw new IllegalArgumentException("this stream was not opened for a " + spec);
    }
    return product;
  }

  /** The products of a matrix's blocks: all but the last, and the last. */
  Product[] blocks(MatrixShape shape) {
    MatrixLayout layout = plan.layout(shape);
    return new Product[] {
      product(plan.block(shape.inputs(), layout.outputsOf(0))),
      product(plan.block(shape.inputs(), layout.outputsOf(layout.blocks() - 1)))
    };
  }

  Worker worker(int index) {
    return workers[index];
  }

  int threads() {
    return workers.length;
  }

  /** One tile of matmul inputs that all workers read. */
  Tile padding() {
    return padding;
  }

  /** One tile between an expert's projections that all workers share. */
  Tile between() {
    return between;
  }

  void run(int pieces, ThreadTeam.Work work) {
    team.run(pieces, work, cancelled);
  }

  void cancelWhen(BooleanSupplier question) {
    cancelled = question;
  }

  private void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    RuntimeException failure = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        failure =
            failure == null ? new IllegalStateException("closing a stream failed", e) : failure;
      }
    }
    budget.release(plan.primitiveBytes());
    if (failure != null) {
      throw failure;
    }
  }
}
