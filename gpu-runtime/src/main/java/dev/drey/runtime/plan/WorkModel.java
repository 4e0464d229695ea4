package dev.drey.runtime.plan;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.WeightShape;
import dev.drey.runtime.plan.StepOperations.Operation;
import java.util.List;
import java.util.Map;

/**
 * Turns counted work into operations, bytes and the least time they take.
 *
 * <p><b>Compute.</b> Each product at its measured time for the rows it had; experts at the mean
 * number of tokens per touched expert. Attention's scores and sums and the routers count at the
 * highest rate measured, which no such small product reaches.
 *
 * <p><b>Memory.</b> Every weight a step touches is read once: dense weights, the routers, each
 * touched expert, the output projection if a logit is wanted; and the stored keys and values.
 * Activations are not counted.
 *
 * <p><b>Transfer.</b> The experts a step needed that had to be brought in for it, as they lie in
 * the files, whether a demand or a prediction brought them.
 *
 * <p><b>By operation.</b> The same operations in turn, see {@link StepOperations}.
 *
 * <p>All of these leave things out and overlap perfectly, so the maximum of the first three is
 * below what any engine can do; nothing here depends on how this one does it, but for which experts
 * it kept.
 */
public final class WorkModel {
  private final ModelConfig model;
  private final Map<Product, Integer> uses;
  private final Product expert;
  private final Product logits;
  private final int kvElementBytes;
  private final StepOperations operations;

  /** The work of a model's steps. */
  public WorkModel(ModelConfig model, ComputeType compute) {
    this.model = model;
    this.uses = Product.of(model);
    this.expert = Product.expert(model);
    this.logits = Product.logits(model);
    this.kvElementBytes = compute.activation().bytes();
    this.operations = new StepOperations(model, this);
  }

  /** Floating-point operations of a step. */
  double flops(StepWork work) {
    double perRow =
        (double) model.moeLayers() * model.moe().expertsPerToken() * expert.flopsPerRow();
    for (Map.Entry<Product, Integer> use : uses.entrySet()) {
      perRow += (double) use.getValue() * use.getKey().flopsPerRow();
    }
    return perRow * work.rows()
        + smallFlops(work)
        + (double) logits.flopsPerRow() * work.logitRows();
  }

  /**
   * Operations of routers, of matrices per head, and of attention's scores and weighted sums; where
   * a layer does not see all positions, of none.
   */
  private double smallFlops(StepWork work) {
    double flops = model.moeLayers() * routerFlops(work);
    for (int layer = 0; layer < model.layers(); layer++) {
      for (WeightShape weight : model.weights(layer)) {
        flops +=
            weight.form() == WeightShape.Form.HEADS ? 2.0 * weight.elements() * work.rows() : 0;
      }
      flops += attentionFlops(model.attention(layer), work);
    }
    return flops;
  }

  /** Operations of one layer's router. */
  double routerFlops(StepWork work) {
    return 2.0 * model.moe().experts() * model.hidden() * work.rows();
  }

  /** Bytes of one layer's router. */
  double routerBytes() {
    return (double) model.moe().experts() * model.hidden() * DType.F32.bytes();
  }

  /** Operations of one layer's scores and weighted sums. */
  double attentionFlops(AttentionConfig attention, StepWork work) {
    return 2.0 * attendedWidth(attention) * work.attended();
  }

  private static int attendedWidth(AttentionConfig attention) {
    if (attention instanceof LatentAttention latent) {
      return latent.heads() * (latent.keyDim() + latent.valueDim());
    }
    boolean seesAll =
        attention instanceof GroupedQueryAttention grouped
            && grouped.visible().equals(KeyRange.ALL);
    return seesAll ? 2 * ((GroupedQueryAttention) attention).queryWidth() : 0;
  }

  /** Bytes of one expert as it lies in a slot. */
  public long expertBytes() {
    return expert.elements() * DType.BF16.bytes();
  }

  /** Bytes of the weights a step touches. */
  double weightBytes(StepWork work) {
    double dense = work.logitRows() > 0 ? logits.elements() : 0;
    for (Map.Entry<Product, Integer> use : uses.entrySet()) {
      dense += (double) use.getValue() * use.getKey().elements();
    }
    for (int layer = 0; layer < model.layers(); layer++) {
      for (WeightShape weight : model.weights(layer)) {
        dense += weight.form() == WeightShape.Form.HEADS ? weight.elements() : 0;
      }
    }
    return dense * DType.BF16.bytes()
        + model.moeLayers() * routerBytes()
        + work.expertsTouched() * expertBytes();
  }

  /** Bytes of stored keys and values a step reads, where layers see all positions. */
  double kvBytes(StepWork work) {
    double bytes = 0;
    for (int layer = 0; layer < model.layers(); layer++) {
      bytes += kvBytes(model.attention(layer), work);
    }
    return bytes;
  }

  /** Bytes of stored keys and values one layer reads; none where it does not see all positions. */
  double kvBytes(AttentionConfig attention, StepWork work) {
    return attendedWidth(attention) == 0
        ? 0
        : (double) attention.kvHeads()
            * (attention.keyDim() + attention.valueDim())
            * kvElementBytes
            * work.kvTokens();
  }

  /** Bytes of experts that had to be brought in. */
  double movedBytes(StepWork work) {
    return work.expertsMoved() * expertBytes();
  }

  /** The least time of a step. */
  public Floor floor(StepWork work, Machine machine) {
    List<Operation> all = operations.of(work, machine.products());
    double memoryRate = machine.memoryBytesPerSecond();
    return Floor.ofStep(
        all.stream().mapToDouble(Operation::allComputeNanos).sum(),
        (weightBytes(work) + kvBytes(work)) / memoryRate * 1e9,
        movedBytes(work) / machine.transferBytesPerSecond() * 1e9,
        all.stream().mapToDouble(operation -> operation.inTurnNanos(memoryRate)).sum());
  }
}
