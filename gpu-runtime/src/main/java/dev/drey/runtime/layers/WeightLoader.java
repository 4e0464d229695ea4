package dev.drey.runtime.layers;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.ExpertTensors;
import dev.drey.runtime.checkpoint.StoredMatrix;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.model.WeightClass;
import dev.drey.runtime.model.WeightShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies a checkpoint's always-resident weights to a device: matrices block by block through one
 * staging buffer, everything that keeps its precision as float32.
 */
public final class WeightLoader {
  private static final int LEAST_STAGING = 1 << 20;

  private final Checkpoint checkpoint;
  private final ModelConfig model;
  private final Device device;
  private final MemoryBudget budget;
  private final CopyStream copies;
  private final ComputeStream stream;
  private final HostBuffer staging;
  private final List<DeviceBuffer> owned = new ArrayList<>();

  private WeightLoader(
      Checkpoint checkpoint,
      Device device,
      MemoryBudget budget,
      CopyStream copies,
      ComputeStream stream,
      HostBuffer staging) {
    this.checkpoint = checkpoint;
    this.model = checkpoint.config();
    this.device = device;
    this.budget = budget;
    this.copies = copies;
    this.stream = stream;
    this.staging = staging;
  }

  /** Bytes of staging memory {@link #load} needs: the largest block of any matrix. */
  public static int stagingBytes(ModelConfig model, Device device) {
    long largest = LEAST_STAGING;
    List<MatrixShape> shapes = new ArrayList<>(model.projections());
    shapes.addAll(model.headProjections());
    for (int layer = 0; layer < model.layers(); layer++) {
      for (Network network : model.networks(layer)) {
        shapes.add(model.networkShape(network).gateUp());
        shapes.add(model.networkShape(network).down());
      }
    }
    for (MatrixShape shape : shapes.stream().distinct().toList()) {
      long rowBytes = (long) shape.inputs() * DType.BF16.bytes();
      largest = Math.max(largest, device.matrixLayout(shape).blockOutputs() * rowBytes);
    }
    return Math.toIntExact(largest);
  }

  /** Bytes of device memory {@link #load} will reserve. */
  public static long denseBytes(ModelConfig model, Device device) {
    long bytes = bytes(model.globalWeights(), device);
    for (int layer = 0; layer < model.layers(); layer++) {
      bytes += bytes(model.weights(layer), device);
      for (Network network : model.networks(layer)) {
        bytes += device.expertLayout(model.networkShape(network)).bytes();
      }
    }
    return bytes;
  }

  private static long bytes(List<WeightShape> weights, Device device) {
    return weights.stream().mapToLong(weight -> bytes(weight, device)).sum();
  }

  private static long bytes(WeightShape weight, Device device) {
    return switch (weight.form()) {
      case MATRIX, HEADS -> weight.count() * device.matrixLayout(weight.shape()).bytes();
      case FLOATS -> align(weight.elements() * Float.BYTES);
      case LOOKUP -> align(weight.elements() * DType.BF16.bytes());
    };
  }

  private static long align(long bytes) {
    return (bytes + 63) / 64 * 64;
  }

  /**
   * Loads the weights.
   *
   * @param budget charged with the device memory
   * @param stagingBudget charged with the staging buffer while loading
   * @param stream used to write float32 tables
   * @throws IOException if a file cannot be read; everything allocated is then freed
   */
  public static ModelWeights load(
      Checkpoint checkpoint,
      Device device,
      MemoryBudget budget,
      MemoryBudget stagingBudget,
      ComputeStream stream)
      throws IOException {
    int bytes = stagingBytes(checkpoint.config(), device);
    try (HostBuffer staging = device.allocateHost(stagingBudget, bytes);
        CopyStream copies = device.newCopyStream(stagingBudget)) {
      WeightLoader loader = new WeightLoader(checkpoint, device, budget, copies, stream, staging);
      try {
        return loader.load();
      } catch (IOException | RuntimeException | Error failure) {
        loader.owned.forEach(DeviceBuffer::close);
        throw failure;
      }
    }
  }

  private ModelWeights load() throws IOException {
    LayerWeights global = new LayerWeights(model.norm());
    for (WeightShape weight : model.globalWeights()) {
      load(weight, checkpoint.global(weight.weight()), global);
    }
    List<LayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      LayerWeights weights = new LayerWeights(model.norm());
      for (WeightShape weight : model.weights(layer)) {
        load(weight, checkpoint.layer(layer, weight.weight()), weights);
      }
      for (Network network : model.networks(layer)) {
        weights.put(network, network(layer, network));
      }
      layers.add(weights);
    }
    return new ModelWeights(global, layers, owned);
  }

  private void load(WeightShape weight, StoredMatrix stored, LayerWeights into) throws IOException {
    switch (weight.form()) {
      case MATRIX, HEADS -> into.put(weight.weight(), matrices(weight, stored));
      case FLOATS -> into.put(weight.weight(), floats(weight.weight(), stored));
      case LOOKUP -> into.put(weight.weight(), plain(stored));
    }
  }

  private List<Matrix> matrices(WeightShape weight, StoredMatrix stored) throws IOException {
    MatrixLayout layout = device.matrixLayout(weight.shape());
    List<Matrix> matrices = new ArrayList<>();
    for (int i = 0; i < weight.count(); i++) {
      Matrix matrix = new Matrix(layout, allocate(layout.bytes()));
      copy(stored, i * weight.outputs(), matrix);
      matrices.add(matrix);
    }
    return List.copyOf(matrices);
  }

  private Expert network(int layer, Network network) throws IOException {
    ExpertTensors tensors = checkpoint.network(layer, network);
    ExpertLayout layout = device.expertLayout(model.networkShape(network));
    Expert expert = new Expert(layout, allocate(layout.bytes()));
    copy(tensors.gate(), 0, expert.gate());
    copy(tensors.up(), 0, expert.up());
    copy(tensors.down(), 0, expert.down());
    return expert;
  }

  private void copy(StoredMatrix stored, int firstRow, Matrix matrix) throws IOException {
    MatrixLayout layout = matrix.layout();
    int rowBytes = layout.shape().inputs() * DType.BF16.bytes();
    for (int block = 0; block < layout.blocks(); block++) {
      ByteBuffer target = staging.bytes();
      target.limit(Math.multiplyExact(layout.outputsOf(block), rowBytes));
      stored.read(firstRow + block * layout.blockOutputs(), layout.outputsOf(block), target);
      copies.copyBlock(staging, 0, DType.BF16, layout, block, matrix.data());
      copies.record().await();
    }
  }

  private DeviceBuffer plain(StoredMatrix stored) throws IOException {
    int rowBytes = Math.multiplyExact(stored.shape().inputs(), DType.BF16.bytes());
    int rows = stored.shape().outputs();
    DeviceBuffer target = allocate(align((long) rows * rowBytes));
    int rowsAtOnce = Math.max(1, staging.bytes().capacity() / rowBytes);
    for (int row = 0; row < rows; row += rowsAtOnce) {
      int count = Math.min(rowsAtOnce, rows - row);
      ByteBuffer part = staging.bytes();
      part.limit(count * rowBytes);
      stored.read(row, count, part);
      copies.copyBytes(staging, 0, target, (long) row * rowBytes, count * rowBytes);
      copies.record().await();
    }
    return target;
  }

  private DeviceBuffer floats(Weight weight, StoredMatrix stored) throws IOException {
    float[] values = stored.floats();
    boolean centred = model.norm().zeroCentred() && weight != Weight.DELTA_NORM;
    if (centred && weight.weightClass() == WeightClass.NORM) {
      for (int i = 0; i < values.length; i++) {
        values[i] += 1;
      }
    }
    DeviceBuffer target = allocate(align((long) values.length * Float.BYTES));
    stream.write(values, target);
    return target;
  }

  private DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = device.allocate(budget, bytes);
    owned.add(buffer);
    return buffer;
  }
}
