package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.ExpertBias;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.ExpertShape;
import org.jspecify.annotations.Nullable;

/** SwiGLU within the gate projection's product. */
final class FusedGateUp implements GateUp {
  private final StreamState state;
  private final MatrixLayout layout;
  private final Product[] up = new Product[2];
  private final Product[] gate = new Product[2];

  FusedGateUp(StreamState state, ExpertShape shape) {
    this.state = state;
    this.layout = state.plan().layout(shape.gateUp());
    for (int i = 0; i < 2; i++) {
      int outputs = layout.outputsOf(i * (layout.blocks() - 1));
      up[i] = state.product(state.plan().up(shape, outputs));
      gate[i] = state.product(state.plan().gate(shape, outputs));
    }
  }

  @Override
  public void run(
      int workerIndex,
      int block,
      int tile,
      int rows,
      long inputAt,
      long gateAt,
      long upAt,
      @Nullable ExpertBias bias,
      Tile between) {
    if (bias != null) {
      throw new IllegalArgumentException("biases of an expert of a model that has none");
    }
    Worker worker = state.worker(workerIndex);
    int which = block == layout.blocks() - 1 ? 1 : 0;
    long offset = block * layout.blockStride();
    up[which].call(workerIndex, tile).run(inputAt, upAt + offset, worker.upAt);
    long columns = (long) block * layout.blockOutputs() * state.plan().activation().bytes();
    gate[which]
        .call(workerIndex, tile)
        .run(inputAt, gateAt + offset, between.address() + columns, worker.upAt);
  }
}
