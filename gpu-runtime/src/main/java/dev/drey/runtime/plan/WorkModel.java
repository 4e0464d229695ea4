package dev.drey.runtime.plan;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.WeightShape;
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
 * <p>All of these leave things out and overlap perfectly, so their maximum is below what any engine
 * can do; nothing here depends on how this one does it, but for which experts it kept.
 */
public final class WorkModel {
  private final ModelConfig model;
  private final Map<Product, Integer> uses;
  private final Product expert;
  private final Product logits;
  private final int kvElementBytes;

  /** The work of a model's steps. */
  public WorkModel(ModelConfig model, ComputeType compute) {
    this.model = model;
    this.uses = Product.of(model);
    this.expert = Product.expert(model);
    this.logits = Product.logits(model);
    this.kvElementBytes = compute.activation().bytes();
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
    double flops = 2.0 * model.moeLayers() * model.moe().experts() * model.hidden() * work.rows();
    for (int layer = 0; layer < model.layers(); layer++) {
      for (WeightShape weight : model.weights(layer)) {
        flops +=
            weight.form() == WeightShape.Form.HEADS ? 2.0 * weight.elements() * work.rows() : 0;
      }
      flops += 2.0 * attendedWidth(model.attention(layer)) * work.attended();
    }
    return flops;
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
    long routers =
        (long) model.moeLayers() * model.moe().experts() * model.hidden() * DType.F32.bytes();
    return dense * DType.BF16.bytes() + routers + work.expertsTouched() * expertBytes();
  }

  /** Bytes of stored keys and values a step reads, where layers see all positions. */
  double kvBytes(StepWork work) {
    double numbers = 0;
    for (int layer = 0; layer < model.layers(); layer++) {
      AttentionConfig attention = model.attention(layer);
      if (attendedWidth(attention) > 0) {
        numbers += attention.kvHeads() * (attention.keyDim() + attention.valueDim());
      }
    }
    return numbers * kvElementBytes * work.kvTokens();
  }

  /** Bytes of experts that had to be brought in. */
  double movedBytes(StepWork work) {
    return work.expertsMoved() * expertBytes();
  }

  /** The least time of a step. */
  public Floor floor(StepWork work, Machine machine) {
    return Floor.ofStep(
        computeNanos(work, machine.products()),
        (weightBytes(work) + kvBytes(work)) / machine.memoryBytesPerSecond() * 1e9,
        movedBytes(work) / machine.transferBytesPerSecond() * 1e9);
  }

  private double computeNanos(StepWork work, ProductTimes times) {
    double rows = work.rows();
    double nanos = times.nanos(logits, work.logitRows());
    for (Map.Entry<Product, Integer> use : uses.entrySet()) {
      nanos += use.getValue() == 0 ? 0 : use.getValue() * times.nanos(use.getKey(), rows);
    }
    if (work.expertsTouched() > 0) {
      double pairs = rows * model.moe().expertsPerToken() * model.moeLayers();
      nanos += work.expertsTouched() * times.nanos(expert, pairs / work.expertsTouched());
    }
    return nanos + smallFlops(work) / times.peakFlopsPerSecond() * 1e9;
  }
}
