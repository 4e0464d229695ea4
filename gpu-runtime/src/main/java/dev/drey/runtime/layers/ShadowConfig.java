package dev.drey.runtime.layers;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.expertstore.QuantisedExperts;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.predict.PredictorRefusedException;
import dev.drey.runtime.predict.ShadowAlignment;
import dev.drey.runtime.predict.ShadowWeights;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.transfer.TransferConfig;
import dev.drey.runtime.transfer.TransferEngine;

/**
 * How to run a shadow model.
 *
 * @param weights precision of its experts
 * @param alignment how it is kept in step
 * @param sequences most sequences of a step
 * @param contextTokens longest sequence
 * @param transfer threads that unpack experts; the pace does not matter, for nothing is read
 */
public record ShadowConfig(
    ShadowWeights weights,
    ShadowAlignment alignment,
    int sequences,
    int contextTokens,
    TransferConfig transfer) {

  /**
   * Bytes that a {@link ShadowModel} will reserve.
   *
   * @param kvShape shape of the model's keys and values
   * @param kvBlocks blocks of the model's pool
   * @throws PredictorRefusedException if the model has a part that a shadow cannot take over
   */
  public long bytes(
      ModelConfig model, ComputeType compute, Device device, KvShape kvShape, int kvBlocks) {
    requireNoState(model);
    return QuantisedExperts.bytes(model, weights.bits())
        + slots(model) * device.expertLayout(model.expertShape()).bytes()
        + TransferEngine.stagingBytes(unpaced(), QuantisedExperts.largestBlock(model, device))
        + device.kvStoreBytes(kvShape, kvBlocks)
        + Activations.bytes(model, compute, sequences);
  }

  private void requireNoState(ModelConfig model) {
    if (model.decoder().stream().anyMatch(layer -> layer.attention() instanceof GatedDeltaRule)) {
      throw new PredictorRefusedException(
          "predictor '%s' (drey.prediction.predictor) takes over keys and values, but layers of this %s model keep a recurrent state; choose another, such as gate.next-layer"
              .formatted(weights.predictor(), model.architecture()));
    }
  }

  /** Experts it has unpacked at a time: those of one token compute while the next arrive. */
  int slots(ModelConfig model) {
    return Math.max(ResidencyWindow.MIN_SLOTS, 2 * model.moe().expertsPerToken());
  }

  TransferConfig unpaced() {
    return new TransferConfig(transfer.threads(), 0, transfer.deadline(), transfer.attempts());
  }
}
