package dev.drey.runtime.plan;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.WeightShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The operations of a step one by one, each with its own arithmetic and its own bytes.
 *
 * <p>A step's compute and memory floors belong to different operations: with many sequences dense
 * products wait for arithmetic, while experts, of which each has few rows, wait for their weights.
 * The operations follow one another, each needs what the one before it made, so the larger of the
 * two sums can only be reached by an engine that runs different operations side by side. Where they
 * run in turn, the least time is the sum of the larger of each one's two times: the same arithmetic
 * and the same bytes, never less than either of the two floors and never more than both together.
 *
 * <p>An operation is a product with weights in one layer, one touched expert, the output
 * projection, and in each layer attention's scores and sums and the router.
 */
final class StepOperations {
  private final ModelConfig model;
  private final WorkModel work;
  private final Map<Product, Integer> uses;
  private final Product expert;
  private final Product logits;

  StepOperations(ModelConfig model, WorkModel work) {
    this.model = model;
    this.work = work;
    this.uses = Product.of(model);
    this.expert = Product.expert(model);
    this.logits = Product.logits(model);
  }

  /**
   * Operations that are alike.
   *
   * @param count how many
   * @param computeNanos arithmetic of one
   * @param bytes what one reads
   */
  record Operation(double count, double computeNanos, double bytes) {
    /** Arithmetic of all. */
    double allComputeNanos() {
      return count * computeNanos;
    }

    /** All in turn, each as long as its arithmetic or its bytes take. */
    double inTurnNanos(double bytesPerSecond) {
      return count * Math.max(computeNanos, bytes / bytesPerSecond * 1e9);
    }
  }

  /** Everything a step computes. */
  List<Operation> of(StepWork step, ProductTimes times) {
    List<Operation> operations = new ArrayList<>();
    for (Map.Entry<Product, Integer> use : uses.entrySet()) {
      if (use.getValue() > 0) {
        Product product = use.getKey();
        operations.add(product(use.getValue(), product, times.nanos(product, step.rows())));
      }
    }
    if (step.expertsTouched() > 0) {
      double pairs = step.rows() * model.moe().expertsPerToken() * model.moeLayers();
      double rows = pairs / step.expertsTouched();
      operations.add(product(step.expertsTouched(), expert, times.nanos(expert, rows)));
    }
    if (step.logitRows() > 0) {
      operations.add(product(1, logits, times.nanos(logits, step.logitRows())));
    }
    // no such small product reaches the highest rate measured
    double nanosPerFlop = 1e9 / times.peakFlopsPerSecond();
    operations.add(
        new Operation(
            model.moeLayers(), work.routerFlops(step) * nanosPerFlop, work.routerBytes()));
    for (int layer = 0; layer < model.layers(); layer++) {
      for (WeightShape weight : model.weights(layer)) {
        if (weight.form() == WeightShape.Form.HEADS) {
          double flops = 2.0 * weight.elements() * step.rows();
          double bytes = (double) weight.elements() * DType.BF16.bytes();
          operations.add(new Operation(1, flops * nanosPerFlop, bytes));
        }
      }
      AttentionConfig attention = model.attention(layer);
      operations.add(
          new Operation(
              1,
              work.attentionFlops(attention, step) * nanosPerFlop,
              work.kvBytes(attention, step)));
    }
    return operations;
  }

  private static Operation product(double count, Product product, double nanos) {
    return new Operation(count, nanos, (double) product.elements() * DType.BF16.bytes());
  }
}
