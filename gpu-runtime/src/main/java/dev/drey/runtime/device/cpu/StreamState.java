package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.ResourceStack;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.threads.ThreadTeam;
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
  private final ResourceStack owned = new ResourceStack("the cpu device's compute stream");
  private final Map<MatmulSpec, Product> products = new HashMap<>();
  private final Worker[] workers;
  private final ThreadTeam team;
  private final Tile padding;
  private final Tile between;
  private BooleanSupplier cancelled = () -> false;

  StreamState(CpuDevice device, StreamPlan plan, MemoryBudget budget, int threads) {
    this.plan = plan;
    OneDnn library = device.library();
    budget.reserve(plan.primitiveBytes());
    try {
      owned.own(() -> budget.release(plan.primitiveBytes()));
      Scratch scratch =
          new Scratch(
              owned.own(device.memory(budget, plan.scratchBytes(threads), "compute stream")));
      this.padding = Tile.of(scratch.take(plan.inputBytes()), plan.activation());
      this.between = Tile.of(scratch.take(plan.betweenBytes()), plan.activation());
      this.workers = new Worker[threads];
      for (int i = 0; i < threads; i++) {
        workers[i] = owned.own(new Worker(library.engine(), plan, scratch));
      }
      compile(library);
      new TileCheck(library, this::product).check(plan);
      this.team = owned.own(new ThreadTeam(threads, "drey-cpu"));
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
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
                products.put(
                    spec, owned.own(new Product(library, spec, tiles, streams, scratchpads))));
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

  @Override
  public void close() {
    owned.close();
  }
}
