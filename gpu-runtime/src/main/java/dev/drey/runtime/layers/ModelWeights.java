package dev.drey.runtime.layers;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Matrix;
import java.util.List;

/**
 * Everything of a model that is not a routed expert, in device memory. Owns the buffers.
 *
 * @param embedding bfloat16 {@code [vocabulary, hidden]}, plain row-major
 * @param layers one entry per decoder layer
 * @param finalNorm float32 {@code [hidden]}
 * @param outputProjection {@code [vocabulary, hidden]}
 * @param owned every buffer behind the above, to be closed together
 */
public record ModelWeights(
    DeviceBuffer embedding,
    List<LayerWeights> layers,
    DeviceBuffer finalNorm,
    Matrix outputProjection,
    List<DeviceBuffer> owned)
    implements AutoCloseable {
  @Override
  public void close() {
    owned.forEach(DeviceBuffer::close);
  }
}
