package dev.drey.runtime.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RouterConfig;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A device with a stream for one model, and the moving of numbers between it and the tests. Closing
 * it closes everything that was made through it and checks that the budget is back to zero.
 */
final class Rig implements AutoCloseable {
  static final int MAX_ROWS = 160;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  final Device device;
  final DType activation;
  final MemoryBudget budget = MemoryBudget.root("test", 1L << 30);
  final ModelConfig model;
  final ComputeStream stream;
  final CopyStream copies;

  Rig(Device device, DType activation, ModelConfig model) {
    this.device = device;
    this.activation = activation;
    this.model = model;
    open.push(device);
    this.stream = own(device.newComputeStream(budget, model, MAX_ROWS));
    this.copies = own(device.newCopyStream(budget));
  }

  /** A model whose shapes are what a test wants and otherwise as small as can be. */
  static ModelConfig model(int hidden, int vocabulary, AttentionConfig attention, MoeConfig moe) {
    LayerConfig layer = new LayerConfig(attention, true);
    return new ModelConfig(
        "test",
        vocabulary,
        hidden,
        1280,
        NormConfig.rms(1e-6),
        Multipliers.NONE,
        false,
        false,
        List.of(layer, layer),
        moe,
        0);
  }

  static ModelConfig model(int hidden, int vocabulary) {
    return model(hidden, vocabulary, attention(), moe(40));
  }

  static AttentionConfig attention() {
    return GroupedQueryAttention.of(4, 2, 32, RotaryConfig.plain(32, 10_000)).build();
  }

  /** Sixteen experts of this width, four per token. */
  static MoeConfig moe(int intermediate) {
    return MoeConfig.of(16, 4, intermediate, RouterConfig.softmax(true));
  }

  <T extends AutoCloseable> T own(T resource) {
    open.push(resource);
    return resource;
  }

  /** Float32 numbers on the device. */
  DeviceBuffer floats(float... values) {
    DeviceBuffer buffer = own(device.allocate(budget, Math.max(64, 4L * values.length)));
    stream.write(values, buffer);
    return buffer;
  }

  /** An uninitialised matrix, large enough for either type. */
  DeviceBuffer space(int count) {
    return own(device.allocate(budget, 4L * (count + 16)));
  }

  /** Numbers on the device as bfloat16. */
  DeviceBuffer bfloats(float[] values) {
    return upload(values, DType.BF16);
  }

  /** Numbers on the device as activations. */
  DeviceBuffer activations(float[] values) {
    return upload(values, activation);
  }

  private DeviceBuffer upload(float[] values, DType type) {
    DeviceBuffer buffer = own(device.allocate(budget, 4L * (values.length + 16)));
    try (HostBuffer host = host(values, type)) {
      copies.copyBytes(host, 0, buffer, 0, values.length * type.bytes());
      copies.record().await();
    }
    return buffer;
  }

  private HostBuffer host(float[] values, DType type) {
    HostBuffer host = device.allocateHost(budget, values.length * type.bytes());
    ByteBuffer bytes = host.bytes();
    for (int i = 0; i < values.length; i++) {
      if (type == DType.F32) {
        bytes.putFloat(i * 4, values[i]);
      } else {
        bytes.putShort(i * 2, BFloat16.toBits(values[i]));
      }
    }
    return host;
  }

  /** What a number becomes when it is an activation. */
  float rounded(float value) {
    return activation == DType.BF16 ? BFloat16.round(value) : value;
  }

  float[] rounded(float[] values) {
    float[] result = values.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] = rounded(result[i]);
    }
    return result;
  }

  float[] read(DeviceBuffer buffer, int count) {
    float[] values = new float[count];
    FloatBuffer view = stream.read(buffer, 0, count);
    view.get(view.position(), values);
    return values;
  }

  /** Reads activations as float32. */
  float[] readActivations(DeviceBuffer buffer, int count) {
    if (activation == DType.F32) {
      return read(buffer, count);
    }
    float[] pairs = read(buffer, (count + 1) / 2);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      int pair = Float.floatToRawIntBits(pairs[i / 2]);
      values[i] = BFloat16.fromBits((short) (i % 2 == 0 ? pair : pair >>> 16));
    }
    return values;
  }

  /** A matrix in the device's layout. */
  Matrix matrix(MatrixShape shape, float[] weights) {
    MatrixLayout layout = device.matrixLayout(shape);
    DeviceBuffer data = own(device.allocate(budget, layout.bytes()));
    pack(layout, weights, data);
    return new Matrix(layout, data);
  }

  void pack(MatrixLayout layout, float[] weights, DeviceBuffer target) {
    try (HostBuffer host = host(weights, DType.BF16)) {
      for (int block = 0; block < layout.blocks(); block++) {
        int offset = block * layout.blockOutputs() * layout.shape().inputs() * 2;
        copies.copyBlock(host, offset, DType.BF16, layout, block, target);
      }
      copies.record().await();
    }
  }

  /** An expert in a slot. */
  Expert expert(ExpertShape shape, float[] gate, float[] up, float[] down) {
    ExpertLayout layout = device.expertLayout(shape);
    DeviceBuffer slot = own(device.allocate(budget, layout.bytes()));
    pack(layout.gate(), gate, slot.slice(0, layout.gate().bytes()));
    pack(layout.up(), up, slot.slice(layout.upOffset(), layout.up().bytes()));
    pack(layout.down(), down, slot.slice(layout.downOffset(), layout.down().bytes()));
    return new Expert(layout, slot);
  }

  @Override
  public void close() {
    try {
      while (!open.isEmpty()) {
        open.pop().close();
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    assertThat(budget.usedBytes()).as("bytes reserved after close").isZero();
  }
}
