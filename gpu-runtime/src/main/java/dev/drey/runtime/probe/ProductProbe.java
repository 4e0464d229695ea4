package dev.drey.runtime.probe;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.Product;
import dev.drey.runtime.plan.ProductTimes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;

/**
 * Measures the products of a model through the device's own stream, as the forward pass calls them:
 * once with weights near the cores, which tells what arithmetic costs when memory costs nothing,
 * and once with weights that come from memory, which tells what a step will see.
 */
final class ProductProbe implements AutoCloseable {
  private static final int[] NEAR_ROWS = {1, 4, 8, 16, 32, 64, 128, 256, 512};

  /** Finer where experts' rows lie. */
  private static final int[] STREAMED_ROWS = {
    1, 4, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 32, 48, 64, 96, 128, 256, 512
  };

  private static final int LOGIT_ROWS = 64;
  private static final int EXPERTS_PER_CALL = 8;
  private static final long BUDGET_NANOS = 1_200_000_000;

  private final ModelConfig model;
  private final Set<Product> products;
  private final int maxRows;
  private final Device device;
  private final ComputeStream stream;
  private final DeviceBuffer input;
  private final DeviceBuffer output;

  ProductProbe(
      Device device, MemoryBudget budget, ModelConfig model, ComputeStream stream, int maxRows) {
    this.model = model;
    this.products = Product.of(model).keySet();
    this.maxRows = maxRows;
    this.device = device;
    this.stream = stream;
    int widest = model.hidden();
    long outputs = (long) Math.min(LOGIT_ROWS, maxRows) * model.vocabulary();
    for (Product product : products) {
      MatrixShape shape = product.shape();
      widest = Math.max(widest, shape.inputs());
      if (product.kind() != Product.Kind.LOGITS) {
        outputs = Math.max(outputs, (long) maxRows * Math.max(shape.outputs(), model.hidden()));
      }
    }
    outputs = Math.max(outputs, (long) expertOutputs() * model.hidden());
    this.input = device.allocate(budget, (long) maxRows * widest * Float.BYTES);
    this.output = device.allocate(budget, outputs * Float.BYTES);
    fillInput(budget, widest);
  }

  /** Rows an expert call may write: as many as a step has (token, rank) pairs. */
  private int expertOutputs() {
    return maxRows * Math.max(1, model.moe().expertsPerToken());
  }

  /** Random numbers in whatever type the device multiplies. */
  private void fillInput(MemoryBudget budget, int widest) {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[maxRows * widest];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextDouble() - 0.5);
    }
    float[] ones = new float[widest];
    Arrays.fill(ones, 1);
    try (DeviceBuffer raw = device.allocate(budget, (long) values.length * Float.BYTES);
        DeviceBuffer scale = device.allocate(budget, (long) ones.length * Float.BYTES)) {
      stream.write(values, raw);
      stream.write(ones, scale);
      stream.norm(raw, maxRows, widest, Norm.rms(scale, 1e-6f), input);
      stream.record().await();
    }
  }

  /** Bytes of the largest weights of a product. */
  long largestBytes() {
    return products.stream()
        .mapToLong(
            product ->
                product.isNetwork() ? networkLayout(product).bytes() : layout(product).bytes())
        .max()
        .orElse(0);
  }

  /** The shortest times, weights near the cores. */
  ProductTimes near(NearWeights weights) {
    return measure(weights, NEAR_ROWS, Repeats::shortest);
  }

  /** The usual times, weights from memory. */
  ProductTimes streamed(WeightRing weights) {
    return measure(weights, STREAMED_ROWS, Repeats::usual);
  }

  /** Measures every product, small row counts first, until the time is up. */
  private ProductTimes measure(WeightSource weights, int[] rowCounts, ToLongFunction<Runnable> by) {
    List<ProductTimes.Point> points = new ArrayList<>();
    long end = System.nanoTime() + BUDGET_NANOS;
    for (int rows : rowCounts) {
      for (Product product : products) {
        boolean first = rows == rowCounts[0];
        if (rows <= mostRows(product) && (first || System.nanoTime() - end < 0)) {
          points.add(measure(weights, product, rows, by));
        }
      }
    }
    return new ProductTimes(points);
  }

  private int mostRows(Product product) {
    return product.kind() == Product.Kind.LOGITS ? Math.min(LOGIT_ROWS, maxRows) : maxRows;
  }

  private ProductTimes.Point measure(
      WeightSource weights, Product product, int rows, ToLongFunction<Runnable> by) {
    int experts = product.kind() == Product.Kind.EXPERT ? expertsPerCall(rows) : 1;
    Runnable call =
        product.isNetwork()
            ? networks(weights, product, rows, experts)
            : matrix(weights, product, rows);
    double nanos = (double) by.applyAsLong(call) / experts;
    return new ProductTimes.Point(product, rows, nanos, (double) product.flopsPerRow() * rows);
  }

  private int expertsPerCall(int rows) {
    return Math.max(1, Math.min(EXPERTS_PER_CALL, expertOutputs() / rows));
  }

  private MatrixLayout layout(Product product) {
    return device.matrixLayout(product.shape());
  }

  private ExpertLayout networkLayout(Product product) {
    return device.expertLayout(new ExpertShape(model.hidden(), product.shape().outputs()));
  }

  private Runnable matrix(WeightSource weights, Product product, int rows) {
    MatrixLayout layout = layout(product);
    return () -> {
      stream.matmul(input, rows, weights.matrix(layout), null, output, false);
      stream.record().await();
    };
  }

  private Runnable networks(WeightSource weights, Product product, int rows, int experts) {
    ExpertLayout layout = networkLayout(product);
    return () -> {
      List<ExpertBatch> batches = new ArrayList<>();
      for (int i = 0; i < experts; i++) {
        batches.add(batch(weights.expert(layout), rows, i * rows));
      }
      stream.experts(input, batches, output);
      stream.record().await();
    };
  }

  private static ExpertBatch batch(Expert network, int rows, int firstOutput) {
    int[] inputs = new int[rows];
    int[] outputs = new int[rows];
    Arrays.setAll(inputs, row -> row);
    Arrays.setAll(outputs, row -> firstOutput + row);
    return new ExpertBatch(network, inputs, outputs, rows);
  }

  @Override
  public void close() {
    input.close();
    output.close();
  }
}
