package dev.drey.runtime.layers;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.Weight;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Always-resident weights in device memory: of one decoder layer, or those outside of layers. */
final class LayerWeights {
  private final NormConfig norms;
  private final Map<Weight, DeviceBuffer> floats = new EnumMap<>(Weight.class);
  private final Map<Weight, List<Matrix>> matrices = new EnumMap<>(Weight.class);
  private final Map<Network, Expert> networks = new EnumMap<>(Network.class);

  LayerWeights(NormConfig norms) {
    this.norms = norms;
  }

  void put(Weight weight, DeviceBuffer buffer) {
    floats.put(weight, buffer);
  }

  void put(Weight weight, List<Matrix> perHead) {
    matrices.put(weight, perHead);
  }

  void put(Network network, Expert expert) {
    networks.put(network, expert);
  }

  /** A weight that is not packed: float32, or of the embedding bfloat16. */
  DeviceBuffer buffer(Weight weight) {
    return present(weight, floats.get(weight));
  }

  /** The same, or null if the model has no such weight. */
  @Nullable DeviceBuffer bufferIfAny(Weight weight) {
    return floats.get(weight);
  }

  /** A packed matrix. */
  Matrix matrix(Weight weight) {
    return heads(weight).get(0);
  }

  /** A packed matrix per head. */
  List<Matrix> heads(Weight weight) {
    return present(weight, matrices.get(weight));
  }

  /** Whether the model has such a packed matrix. */
  boolean hasMatrix(Weight weight) {
    return matrices.containsKey(weight);
  }

  /** An always-resident feed-forward network. */
  Expert network(Network network) {
    return present(network, networks.get(network));
  }

  /** A norm of the residual stream's kind. */
  Norm norm(Weight scale, Weight offset) {
    return new Norm(norms.kind(), buffer(scale), bufferIfAny(offset), norms.epsilon());
  }

  /** An RMS norm within attention. */
  Norm rmsNorm(Weight scale) {
    return Norm.rms(buffer(scale), norms.epsilon());
  }

  private static <T> T present(Enum<?> what, @Nullable T found) {
    if (found == null) {
      throw new IllegalStateException("this layer has no " + what);
    }
    return found;
  }
}
