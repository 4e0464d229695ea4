package dev.drey.runtime.layers;

import dev.drey.runtime.device.DeviceBuffer;
import java.util.List;

/** Everything of a model that is not a routed expert, in device memory. Owns the buffers. */
public final class ModelWeights implements AutoCloseable {
  private final LayerWeights global;
  private final List<LayerWeights> layers;
  private final List<DeviceBuffer> owned;

  /**
   * @param global weights outside of the decoder layers
   * @param layers one entry per decoder layer
   * @param owned every buffer behind them, to be closed together
   */
  ModelWeights(LayerWeights global, List<LayerWeights> layers, List<DeviceBuffer> owned) {
    this.global = global;
    this.layers = List.copyOf(layers);
    this.owned = List.copyOf(owned);
  }

  /** Weights outside of the decoder layers. */
  LayerWeights global() {
    return global;
  }

  /** Weights of a decoder layer. */
  LayerWeights layer(int layer) {
    return layers.get(layer);
  }

  @Override
  public void close() {
    owned.forEach(DeviceBuffer::close);
  }
}
