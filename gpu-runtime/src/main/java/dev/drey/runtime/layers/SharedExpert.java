package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The expert that every token is sent to besides those of its choice: always resident, so that it
 * computes while others are on their way. A gate, where the model has one, is a router with one
 * expert and sigmoid scores.
 */
final class SharedExpert {
  private final ModelConfig model;
  private final ComputeStream stream;
  private final int[] everyRow;
  private final Routing shares;

  SharedExpert(ModelConfig model, ComputeStream stream, int maxRows) {
    this.model = model;
    this.stream = stream;
    this.everyRow = new int[maxRows];
    Arrays.setAll(everyRow, row -> row);
    this.shares = new Routing(maxRows, 1);
    Arrays.fill(shares.weights(), model.multipliers().residual());
  }

  /**
   * Starts its gate; null if it has none.
   *
   * @param routerInput float32 {@code [rows, hidden]}
   */
  ComputeStream.@Nullable PendingRouting start(
      LayerWeights weights, int rows, DeviceBuffer routerInput) {
    if (!model.moe().sharedGate()) {
      return null;
    }
    Router gate =
        new Router(
            weights.buffer(Weight.SHARED_ROUTER), null, null, 1, 1, RouterConfig.sigmoid(false));
    return stream.startRouting(routerInput, rows, model.hidden(), gate, shares);
  }

  /**
   * Computes its output into {@link Activations#sharedOut}.
   *
   * @param gate what {@link #start} gave
   */
  void compute(
      LayerWeights weights,
      int rows,
      ComputeStream.@Nullable PendingRouting gate,
      Activations buffers) {
    if (gate != null) {
      gate.await();
      for (int row = 0; row < rows; row++) {
        shares.weights()[row] *= model.multipliers().residual();
      }
    }
    stream.experts(
        buffers.normed,
        List.of(new ExpertBatch(weights.network(Network.SHARED), everyRow, everyRow, rows)),
        buffers.sharedOut);
  }

  /** Adds it to the residual stream. */
  void add(int rows, Activations buffers) {
    stream.combine(buffers.sharedOut, shares, rows, model.hidden(), buffers.hidden);
  }
}
