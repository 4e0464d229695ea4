package dev.drey.runtime.gpu;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.cuda.CudaDevice;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
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
import java.util.ArrayList;
import java.util.List;

/**
 * The machine's link and memory, and products at the shapes of a mixture-of-experts model with 30
 * billion weights of which 3 billion are active (hidden 2048, experts of 768, 128 of them, 8 per
 * token), in bfloat16. Weights are zeros: no kernel looks at values to save work.
 */
final class GpuBenchmarks {
  private static final int REPEATS = 10;
  private static final int HIDDEN = 2048;
  private static final int INTERMEDIATE = 768;
  private static final int EXPERTS_PER_TOKEN = 8;

  private final boolean small;
  private final List<GpuMeasurement> measured = new ArrayList<>();

  /**
   * @param small whether sizes are to prove the program rather than measure the machine
   */
  GpuBenchmarks(boolean small) {
    this.small = small;
  }

  private int size(int full, int proof) {
    return small ? proof : full;
  }

  List<GpuMeasurement> run() {
    int hidden = size(HIDDEN, 64);
    int maxRows = size(4096, 32);
    ModelConfig model = model(hidden, size(INTERMEDIATE, 48));
    try (MemoryBudget budget = MemoryBudget.root("measurements", Long.MAX_VALUE);
        CudaDevice device = CudaDevice.open(ComputeType.BF16, 0);
        ComputeStream stream = device.newComputeStream(budget, model, maxRows)) {
      link(device, budget);
      memory(device, budget, stream);
      dense(device, budget, stream, hidden, size(2048, 32), true);
      dense(device, budget, stream, hidden, size(64, 8), false);
      experts(device, budget, stream, model.expertShape(), size(64, 4), size(512, 8));
      experts(device, budget, stream, model.expertShape(), size(128, 4), size(4, 2));
    }
    return measured;
  }

  private static ModelConfig model(int hidden, int intermediate) {
    GroupedQueryAttention attention =
        GroupedQueryAttention.of(32, 4, 128, RotaryConfig.plain(128, 10_000)).build();
    return new ModelConfig(
        "measurements",
        1024,
        hidden,
        4096,
        NormConfig.rms(1e-6),
        Multipliers.NONE,
        false,
        false,
        List.of(new LayerConfig(attention, true)),
        MoeConfig.of(128, EXPERTS_PER_TOKEN, intermediate, RouterConfig.softmax(true)),
        0);
  }

  private void add(String name, double value, String unit) {
    measured.add(new GpuMeasurement(name, value, unit));
  }

  /** Seconds of one of several runs of something that is issued to the stream. */
  private static double seconds(ComputeStream stream, Runnable work) {
    work.run();
    stream.record().await();
    long start = System.nanoTime();
    for (int i = 0; i < REPEATS; i++) {
      work.run();
    }
    stream.record().await();
    return (System.nanoTime() - start) / 1e9 / REPEATS;
  }

  private void link(CudaDevice device, MemoryBudget budget) {
    int bytes = size(1 << 29, 1 << 20);
    try (HostBuffer host = device.allocateHost(budget, bytes);
        DeviceBuffer target = device.allocate(budget, bytes);
        CopyStream copies = device.newCopyStream(budget)) {
      for (int piece : new int[] {bytes, size(4 << 20, 1 << 16)}) {
        copies.copyBytes(host, 0, target, 0, bytes);
        copies.record().await();
        long start = System.nanoTime();
        for (int i = 0; i < REPEATS; i++) {
          for (int at = 0; at < bytes; at += piece) {
            copies.copyBytes(host, at, target, at, piece);
          }
        }
        copies.record().await();
        double seconds = (System.nanoTime() - start) / 1e9 / REPEATS;
        add("copy to the GPU, pieces of " + (piece >> 10) + " KiB", bytes / seconds / 1e9, "GB/s");
      }
    }
  }

  /** Reads two arrays, writes one. */
  private void memory(CudaDevice device, MemoryBudget budget, ComputeStream stream) {
    int rows = size(1 << 14, 16);
    int width = 1 << 14;
    long bytes = (long) rows * width * Float.BYTES;
    try (DeviceBuffer one = device.allocate(budget, bytes);
        DeviceBuffer other = device.allocate(budget, bytes)) {
      double seconds = seconds(stream, () -> stream.addScaled(one, rows, width, 0.5f, other));
      add("memory of the GPU", 3 * bytes / seconds / 1e9, "GB/s");
    }
  }

  private void dense(
      CudaDevice device,
      MemoryBudget budget,
      ComputeStream stream,
      int hidden,
      int rows,
      boolean compute) {
    int outputs = 2 * hidden;
    MatrixLayout layout = device.matrixLayout(new MatrixShape(outputs, hidden));
    try (DeviceBuffer x = device.allocate(budget, 2L * rows * hidden);
        DeviceBuffer weights = device.allocate(budget, layout.bytes());
        DeviceBuffer out = device.allocate(budget, 4L * rows * outputs)) {
      Matrix matrix = new Matrix(layout, weights);
      double seconds = seconds(stream, () -> stream.matmul(x, rows, matrix, null, out, false));
      String name = "product of %d rows, %d x %d".formatted(rows, outputs, hidden);
      if (compute) {
        add(name, 2.0 * rows * hidden * outputs / seconds / 1e12, "TFLOP/s");
      } else {
        add(name, 2.0 * hidden * outputs / seconds / 1e9, "GB/s of weights");
      }
    }
  }

  private void experts(
      CudaDevice device,
      MemoryBudget budget,
      ComputeStream stream,
      ExpertShape shape,
      int experts,
      int tokens) {
    ExpertLayout layout = device.expertLayout(shape);
    int rows = experts * tokens;
    List<DeviceBuffer> slots = device.allocateEqual(budget, layout.bytes(), experts);
    try (DeviceBuffer x = device.allocate(budget, 2L * tokens * shape.hidden());
        DeviceBuffer out = device.allocate(budget, 4L * rows * shape.hidden())) {
      List<ExpertBatch> batches = new ArrayList<>();
      for (int expert = 0; expert < experts; expert++) {
        int[] from = new int[tokens];
        int[] to = new int[tokens];
        for (int token = 0; token < tokens; token++) {
          from[token] = token;
          to[token] = expert * tokens + token;
        }
        batches.add(new ExpertBatch(new Expert(layout, slots.get(expert)), from, to, tokens));
      }
      double seconds = seconds(stream, () -> stream.experts(x, batches, out));
      String name = "%d experts, %d tokens each".formatted(experts, tokens);
      double weights = 3.0 * shape.hidden() * shape.intermediate();
      add(name, 2 * weights * rows / seconds / 1e12, "TFLOP/s");
      add(name, 2 * weights * experts / seconds / 1e9, "GB/s of weights");
    } finally {
      slots.forEach(DeviceBuffer::close);
    }
  }
}
