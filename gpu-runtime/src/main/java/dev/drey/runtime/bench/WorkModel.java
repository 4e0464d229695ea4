package dev.drey.runtime.bench;

import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ModelConfig;

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
final class WorkModel {
  private final ModelConfig model;
  private final int kvElementBytes;

  WorkModel(ModelConfig model, ComputeType compute) {
    this.model = model;
    this.kvElementBytes = compute.activation().bytes();
  }

  private int denseLayers() {
    return model.layers() - model.moeLayers();
  }

  /** Floating-point operations of a step. */
  double flops(StepWork work) {
    double perRow =
        model.layers()
                * (double)
                    (Product.QUERY.flopsPerRow(model)
                        + 2 * Product.KEY_VALUE.flopsPerRow(model)
                        + Product.OUTPUT.flopsPerRow(model))
            + (double) denseLayers() * Product.DENSE.flopsPerRow(model)
            + (double) model.moeLayers()
                * model.moe().expertsPerToken()
                * Product.EXPERT.flopsPerRow(model);
    return perRow * work.rows()
        + smallFlops(work)
        + (double) Product.LOGITS.flopsPerRow(model) * work.logitRows();
  }

  /** Operations of attention (scores and weighted sums) and routers. */
  private double smallFlops(StepWork work) {
    return 4.0 * model.layers() * model.attention().queryWidth() * work.attended()
        + 2.0 * model.moeLayers() * model.moe().experts() * model.hidden() * work.rows();
  }

  /** Bytes of one expert as it lies in the files. */
  long expertBytes() {
    return Product.EXPERT.elements(model) * DType.BF16.bytes();
  }

  /** Bytes of the weights a step touches. */
  double weightBytes(StepWork work) {
    long dense =
        model.layers()
                * (Product.QUERY.elements(model)
                    + 2 * Product.KEY_VALUE.elements(model)
                    + Product.OUTPUT.elements(model))
            + denseLayers() * Product.DENSE.elements(model)
            + (work.logitRows() > 0 ? Product.LOGITS.elements(model) : 0);
    long routers =
        (long) model.moeLayers() * model.moe().experts() * model.hidden() * DType.F32.bytes();
    return (double) dense * DType.BF16.bytes()
        + routers
        + (double) work.expertsTouched() * expertBytes();
  }

  /** Bytes of stored keys and values a step reads. */
  double kvBytes(StepWork work) {
    return 2.0 * model.layers() * model.attention().kvWidth() * kvElementBytes * work.kvTokens();
  }

  /** Bytes of experts that had to be brought in. */
  double movedBytes(StepWork work) {
    return (double) work.expertsMoved() * expertBytes();
  }

  /** The least time of a step. */
  Floor floor(StepWork work, Machine machine) {
    return Floor.ofStep(
        computeNanos(work, machine.products()),
        (weightBytes(work) + kvBytes(work)) / machine.memoryBytesPerSecond() * 1e9,
        movedBytes(work) / machine.transferBytesPerSecond() * 1e9);
  }

  private double computeNanos(StepWork work, ProductTimes times) {
    double rows = work.rows();
    double perLayer =
        times.nanos(Product.QUERY, rows)
            + 2 * times.nanos(Product.KEY_VALUE, rows)
            + times.nanos(Product.OUTPUT, rows);
    double nanos =
        model.layers() * perLayer + times.nanos(Product.LOGITS, (double) work.logitRows());
    if (denseLayers() > 0) {
      nanos += denseLayers() * times.nanos(Product.DENSE, rows);
    }
    if (work.expertsTouched() > 0) {
      double uses = rows * model.moe().expertsPerToken() * model.moeLayers();
      nanos += work.expertsTouched() * times.nanos(Product.EXPERT, uses / work.expertsTouched());
    }
    return nanos + smallFlops(work) / times.peakFlopsPerSecond() * 1e9;
  }
}
