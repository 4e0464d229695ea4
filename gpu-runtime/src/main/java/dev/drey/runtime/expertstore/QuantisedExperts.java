package dev.drey.runtime.expertstore;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.StoredMatrix;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.NetworkPart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * All experts of a model in host memory at few bits per weight (see {@link GroupQuantisation}),
 * given out as bfloat16: what a shadow model computes with.
 *
 * <p><b>Ownership.</b> Owns the memory, one buffer per expert, charged to a budget when it is
 * opened. The checkpoint is read once and not kept.
 *
 * <p><b>Threading.</b> Immutable once opened; any number of threads may read.
 */
public final class QuantisedExperts implements RowSource {
  private static final int ROWS_AT_ONCE = 64;

  private final ModelConfig model;
  private final int bits;
  private final List<HostBuffer> experts = new ArrayList<>(); // layer by layer
  private final int[] firstOfLayer;

  private QuantisedExperts(ModelConfig model, int bits) {
    this.model = model;
    this.bits = bits;
    this.firstOfLayer = new int[model.layers()];
  }

  /** Bytes that {@link #open} will reserve. */
  public static long bytes(ModelConfig model, int bits) {
    return (long) model.totalExperts() * expertBytes(model.expertShape(), bits);
  }

  /** Bytes of the largest block that an expert comes in. */
  public static int largestBlock(ModelConfig model, Device device) {
    ExpertLayout layout = device.expertLayout(model.expertShape());
    return new QuantisedExperts(model, Byte.SIZE).blocks(layout).largest();
  }

  private static int expertBytes(ExpertShape shape, int bits) {
    return Math.addExact(
        offset(shape, bits, NetworkPart.DOWN), partBytes(shape, bits, NetworkPart.DOWN));
  }

  /** Where a part begins in the memory of its expert. */
  private static int offset(ExpertShape shape, int bits, NetworkPart part) {
    return switch (part) {
      case GATE -> 0;
      case UP -> partBytes(shape, bits, NetworkPart.GATE);
      case DOWN ->
          Math.addExact(
              partBytes(shape, bits, NetworkPart.GATE), partBytes(shape, bits, NetworkPart.UP));
    };
  }

  private static int partBytes(ExpertShape shape, int bits, NetworkPart part) {
    return Math.multiplyExact(format(shape, bits, part).rowBytes(), shape.part(part).outputs());
  }

  private static GroupQuantisation format(ExpertShape shape, int bits, NetworkPart part) {
    return new GroupQuantisation(bits, shape.part(part).inputs());
  }

  /**
   * Reads and quantises all experts.
   *
   * @param bits per weight, 4 or 8
   * @throws IOException if a file cannot be read; everything allocated is then freed
   */
  public static QuantisedExperts open(
      Checkpoint checkpoint, Device device, MemoryBudget budget, int bits) throws IOException {
    QuantisedExperts opened = new QuantisedExperts(checkpoint.config(), bits);
    try {
      opened.load(checkpoint, device, budget);
      return opened;
    } catch (IOException | RuntimeException | Error failure) {
      opened.close();
      throw failure;
    }
  }

  private void load(Checkpoint checkpoint, Device device, MemoryBudget budget) throws IOException {
    int bytes = expertBytes(model.expertShape(), bits);
    for (int layer = 0; layer < model.layers(); layer++) {
      firstOfLayer[layer] = experts.size();
      for (int i = 0; model.isMoe(layer) && i < model.moe().experts(); i++) {
        HostBuffer memory = device.allocateHost(budget, bytes);
        experts.add(memory);
        for (NetworkPart part : NetworkPart.values()) {
          StoredMatrix stored = checkpoint.expert(new ExpertId(layer, i)).part(part);
          quantise(stored, part, memory.bytes());
        }
      }
    }
  }

  private void quantise(StoredMatrix stored, NetworkPart part, ByteBuffer memory)
      throws IOException {
    GroupQuantisation format = format(model.expertShape(), bits, part);
    int at = offset(model.expertShape(), bits, part);
    int rowBytes = stored.shape().inputs() * Short.BYTES;
    ByteBuffer rows = ByteBuffer.allocate(ROWS_AT_ONCE * rowBytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int first = 0; first < stored.shape().outputs(); first += ROWS_AT_ONCE) {
      int count = Math.min(ROWS_AT_ONCE, stored.shape().outputs() - first);
      stored.read(first, count, rows.clear().limit(count * rowBytes));
      for (int row = 0; row < count; row++) {
        format.store(rows, row * rowBytes, memory, at + (first + row) * format.rowBytes());
      }
    }
  }

  @Override
  public int layers() {
    return model.layers();
  }

  @Override
  public int experts() {
    return model.moe().experts();
  }

  @Override
  public DType type() {
    return DType.BF16;
  }

  @Override
  public void readRows(
      ExpertId expert, NetworkPart part, int firstOutputRow, int rows, ByteBuffer target) {
    GroupQuantisation format = format(model.expertShape(), bits, part);
    ByteBuffer memory = experts.get(firstOfLayer[expert.layer()] + expert.index()).bytes();
    int at = offset(model.expertShape(), bits, part);
    for (int row = firstOutputRow; row < firstOutputRow + rows; row++) {
      format.restore(memory, at + row * format.rowBytes(), target);
    }
  }

  @Override
  public void close() {
    experts.forEach(HostBuffer::close);
  }
}
