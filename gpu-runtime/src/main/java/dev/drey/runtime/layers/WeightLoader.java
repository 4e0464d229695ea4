package dev.drey.runtime.layers;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.ExpertTensors;
import dev.drey.runtime.checkpoint.LayerTensors;
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
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Copies a checkpoint's always-resident weights to a device: matrices block by block through one
 * staging buffer, norms and routers widened to float32.
 */
public final class WeightLoader {
  private final Checkpoint checkpoint;
  private final ModelConfig model;
  private final Device device;
  private final MemoryBudget budget;
  private final CopyStream copies;
  private final ComputeStream stream;
  private final HostBuffer staging;
  private final int stagingBytes;
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
    this.stagingBytes = staging.bytes().capacity();
  }

  /** Bytes of staging memory {@link #load} needs: the largest block of any matrix. */
  public static int stagingBytes(ModelConfig model, Device device) {
    long largest = 1 << 20;
    for (MatrixShape shape : shapes(model)) {
      MatrixLayout layout = device.matrixLayout(shape);
      largest =
          Math.max(largest, (long) layout.blockOutputs() * shape.inputs() * DType.BF16.bytes());
    }
    return Math.toIntExact(largest);
  }

  /** Bytes of device memory {@link #load} will reserve. */
  public static long denseBytes(ModelConfig model, Device device) {
    long floats = model.hidden();
    long bytes = align((long) model.vocabulary() * model.hidden() * DType.BF16.bytes());
    bytes += matrixBytes(device, new MatrixShape(model.vocabulary(), model.hidden()));
    bytes += align(floats * Float.BYTES);
    for (int layer = 0; layer < model.layers(); layer++) {
      bytes += layerBytes(model, device, layer);
    }
    return bytes;
  }

  private static long layerBytes(ModelConfig model, Device device, int layer) {
    int hidden = model.hidden();
    int queries = model.attention().queryWidth();
    int keys = model.attention().kvWidth();
    long bytes = 2 * align((long) hidden * Float.BYTES);
    bytes += matrixBytes(device, new MatrixShape(queries, hidden));
    bytes += 2 * matrixBytes(device, new MatrixShape(keys, hidden));
    bytes += matrixBytes(device, new MatrixShape(hidden, queries));
    if (model.attention().qkNorm()) {
      bytes += 2 * align((long) model.attention().headDim() * Float.BYTES);
    }
    if (model.isMoe(layer)) {
      bytes += align((long) model.moe().experts() * hidden * Float.BYTES);
    } else {
      bytes += device.expertLayout(new ExpertShape(hidden, model.denseIntermediate())).bytes();
    }
    return bytes;
  }

  private static List<MatrixShape> shapes(ModelConfig model) {
    int hidden = model.hidden();
    List<MatrixShape> shapes = new ArrayList<>();
    shapes.add(new MatrixShape(model.vocabulary(), hidden));
    shapes.add(new MatrixShape(model.attention().queryWidth(), hidden));
    shapes.add(new MatrixShape(model.attention().kvWidth(), hidden));
    shapes.add(new MatrixShape(hidden, model.attention().queryWidth()));
    if (!model.denseLayers().isEmpty()) {
      ExpertShape dense = new ExpertShape(hidden, model.denseIntermediate());
      shapes.add(dense.gateUp());
      shapes.add(dense.down());
    }
    return shapes;
  }

  private static long matrixBytes(Device device, MatrixShape shape) {
    return device.matrixLayout(shape).bytes();
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
      } catch (IOException | RuntimeException failure) {
        loader.owned.forEach(DeviceBuffer::close);
        throw failure;
      }
    }
  }

  private ModelWeights load() throws IOException {
    DeviceBuffer embedding = plain(checkpoint.embedding());
    List<LayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      layers.add(layer(checkpoint.layer(layer)));
    }
    DeviceBuffer finalNorm = floats(checkpoint.finalNorm());
    TensorRegion projection = checkpoint.outputProjection().orElse(checkpoint.embedding());
    Matrix output = matrix(projection, new MatrixShape(model.vocabulary(), model.hidden()));
    return new ModelWeights(embedding, layers, finalNorm, output, owned);
  }

  private LayerWeights layer(LayerTensors tensors) throws IOException {
    int hidden = model.hidden();
    MatrixShape queries = new MatrixShape(model.attention().queryWidth(), hidden);
    MatrixShape keys = new MatrixShape(model.attention().kvWidth(), hidden);
    return new LayerWeights(
        floats(tensors.attentionNorm()),
        matrix(tensors.query(), queries),
        matrix(tensors.key(), keys),
        matrix(tensors.value(), keys),
        matrix(tensors.output(), new MatrixShape(hidden, model.attention().queryWidth())),
        floatsIfPresent(tensors.queryNorm()),
        floatsIfPresent(tensors.keyNorm()),
        floats(tensors.feedForwardNorm()),
        floatsIfPresent(tensors.router()),
        tensors.dense().isPresent() ? expert(tensors.dense().get()) : null);
  }

  private Expert expert(ExpertTensors tensors) throws IOException {
    ExpertLayout layout =
        device.expertLayout(new ExpertShape(model.hidden(), model.denseIntermediate()));
    DeviceBuffer slot = allocate(layout.bytes());
    Expert expert = new Expert(layout, slot);
    copy(tensors.gate(), expert.gate());
    copy(tensors.up(), expert.up());
    copy(tensors.down(), expert.down());
    return expert;
  }

  private Matrix matrix(TensorRegion tensor, MatrixShape shape) throws IOException {
    MatrixLayout layout = device.matrixLayout(shape);
    Matrix matrix = new Matrix(layout, allocate(layout.bytes()));
    copy(tensor, matrix);
    return matrix;
  }

  private void copy(TensorRegion tensor, Matrix matrix) throws IOException {
    MatrixLayout layout = matrix.layout();
    long rowBytes = (long) layout.shape().inputs() * tensor.type().bytes();
    for (int block = 0; block < layout.blocks(); block++) {
      ByteBuffer target = staging.bytes();
      target.limit(Math.toIntExact(layout.outputsOf(block) * rowBytes));
      checkpoint.read(tensor, rowBytes * block * layout.blockOutputs(), target);
      copies.copyBlock(staging, 0, tensor.type(), layout, block, matrix.data());
      copies.record().await();
    }
  }

  private DeviceBuffer plain(TensorRegion tensor) throws IOException {
    DeviceBuffer target = allocate(align(tensor.bytes()));
    long done = 0;
    while (done < tensor.bytes()) {
      int count = (int) Math.min(stagingBytes, tensor.bytes() - done);
      ByteBuffer part = staging.bytes();
      part.limit(count);
      checkpoint.read(tensor, done, part);
      copies.copyBytes(staging, 0, target, done, count);
      copies.record().await();
      done += count;
    }
    return target;
  }

  private @Nullable DeviceBuffer floatsIfPresent(Optional<TensorRegion> tensor) throws IOException {
    return tensor.isPresent() ? floats(tensor.get()) : null;
  }

  private DeviceBuffer floats(TensorRegion tensor) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    checkpoint.read(tensor, 0, bytes);
    bytes.flip();
    float[] values = new float[Math.toIntExact(tensor.bytes() / tensor.type().bytes())];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.type()) {
            case F32 -> bytes.getFloat();
            case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            case F16, U8 ->
                throw new IllegalStateException(
                    "tensor '"
                        + tensor.name()
                        + "' is "
                        + tensor.type()
                        + ", expected BF16 or F32");
          };
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
