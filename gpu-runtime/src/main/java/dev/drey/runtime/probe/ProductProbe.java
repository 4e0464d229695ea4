package dev.drey.runtime.probe;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.Matrix;
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
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Measures the products of a model through the device's own stream, as the forward pass calls them,
 * over row counts that grow by powers of two. Weights are random and used again and again, so that
 * they stay near the cores: memory has a floor of its own.
 */
final class ProductProbe implements AutoCloseable {
  private static final int[] ROWS = {1, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  private static final int LOGIT_ROWS = 64;
  private static final int EXPERTS_PER_CALL = 8;
  private static final long BUDGET_NANOS = 1_500_000_000;

  private final ModelConfig model;
  private final int maxRows;
  private final ComputeStream stream;
  private final ProbeWeights weights;
  private final DeviceBuffer input;
  private final DeviceBuffer output;
  private final Map<Product, Matrix> matrices = new TreeMap<>();
  private final Map<Product, Expert> networks = new TreeMap<>();

  ProductProbe(
      Device device, MemoryBudget budget, ModelConfig model, ComputeStream stream, int maxRows) {
    this.model = model;
    this.maxRows = maxRows;
    this.stream = stream;
    this.weights = new ProbeWeights(device, budget);
    int widest = model.hidden();
    long outputs = (long) Math.min(LOGIT_ROWS, maxRows) * model.vocabulary();
    for (Product product : Product.of(model).keySet()) {
      MatrixShape shape = product.shape();
      widest = Math.max(widest, shape.inputs());
      if (product.kind() != Product.Kind.LOGITS) {
        outputs = Math.max(outputs, (long) maxRows * Math.max(shape.outputs(), model.hidden()));
      }
      allocate(device, product);
    }
    outputs = Math.max(outputs, (long) expertOutputs() * model.hidden());
    this.input = weights.floats((long) maxRows * widest);
    this.output = weights.floats(outputs);
    fillInput(widest);
  }

  private void allocate(Device device, Product product) {
    MatrixShape shape = product.shape();
    if (product.isNetwork()) {
      ExpertShape expert = new ExpertShape(model.hidden(), shape.outputs());
      networks.put(product, weights.expert(device.expertLayout(expert)));
    } else {
      matrices.put(product, weights.matrix(device.matrixLayout(shape)));
    }
  }

  /** Rows an expert call may write: as many as a step has (token, rank) pairs. */
  private int expertOutputs() {
    return maxRows * Math.max(1, model.moe().expertsPerToken());
  }

  /** Random numbers in whatever type the device multiplies. */
  private void fillInput(int widest) {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[maxRows * widest];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextDouble() - 0.5);
    }
    float[] ones = new float[widest];
    Arrays.fill(ones, 1);
    try (DeviceBuffer raw = weights.unowned(values.length);
        DeviceBuffer scale = weights.unowned(ones.length)) {
      stream.write(values, raw);
      stream.write(ones, scale);
      stream.norm(raw, maxRows, widest, Norm.rms(scale, 1e-6f), input);
      stream.record().await();
    }
  }

  /** Measures every product, small row counts first, until the time is up. */
  ProductTimes measure() {
    List<ProductTimes.Point> points = new ArrayList<>();
    long end = System.nanoTime() + BUDGET_NANOS;
    for (int rows : ROWS) {
      for (Product product : Product.of(model).keySet()) {
        boolean first = rows == ROWS[0];
        if (rows <= mostRows(product) && (first || System.nanoTime() - end < 0)) {
          points.add(measure(product, rows));
        }
      }
    }
    return new ProductTimes(points);
  }

  private int mostRows(Product product) {
    return product.kind() == Product.Kind.LOGITS ? Math.min(LOGIT_ROWS, maxRows) : maxRows;
  }

  private ProductTimes.Point measure(Product product, int rows) {
    int experts = product.kind() == Product.Kind.EXPERT ? expertsPerCall(rows) : 1;
    Runnable call = call(product, rows, experts);
    long best = Shortest.nanos(call);
    double flops = (double) product.flopsPerRow() * rows;
    return new ProductTimes.Point(product, rows, (double) best / experts, flops);
  }

  private int expertsPerCall(int rows) {
    return Math.max(1, Math.min(EXPERTS_PER_CALL, expertOutputs() / rows));
  }

  private Runnable call(Product product, int rows, int experts) {
    Matrix matrix = matrices.get(product);
    if (matrix != null) {
      return () -> {
        stream.matmul(input, rows, matrix, null, output, false);
        stream.record().await();
      };
    }
    Expert network = networks.get(product);
    if (network == null) {
      throw new IllegalStateException(product + " is not part of the model");
    }
    List<ExpertBatch> batches = new ArrayList<>();
    for (int i = 0; i < experts; i++) {
      int first = i * rows;
      int[] inputs = new int[rows];
      int[] outputs = new int[rows];
      Arrays.setAll(inputs, row -> row);
      Arrays.setAll(outputs, row -> first + row);
      batches.add(new ExpertBatch(network, inputs, outputs, rows));
    }
    return () -> {
      stream.experts(input, batches, output);
      stream.record().await();
    };
  }

  @Override
  public void close() {
    weights.close();
  }
}
