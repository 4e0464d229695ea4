package dev.drey.runtime.probe;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.plan.AttentionTimes;
import dev.drey.runtime.plan.LayerTimes;
import dev.drey.runtime.plan.RowTimes;
import dev.drey.runtime.plan.StepModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Measures what a layer does besides products with weights, as the forward pass calls it. */
final class LayerProbe {
  private static final int[] ROWS = {1, 16, 64, 256};

  private final Device device;
  private final MemoryBudget budget;
  private final ModelConfig model;
  private final ComputeStream stream;
  private final int maxRows;

  LayerProbe(
      Device device, MemoryBudget budget, ModelConfig model, ComputeStream stream, int maxRows) {
    this.device = device;
    this.budget = budget;
    this.model = model;
    this.stream = stream;
    this.maxRows = maxRows;
  }

  LayerTimes measure() {
    List<AttentionTimes> attention = new ArrayList<>();
    for (AttentionConfig kind : StepModel.attentions(model)) {
      attention.add(new AttentionProbe(device, budget, model, kind, stream, maxRows).measure());
    }
    return new LayerTimes(attention, rest());
  }

  /** Two norms, the router, the router of the next layer, and the sum over experts. */
  private RowTimes rest() {
    int most = Math.min(maxRows, ROWS[ROWS.length - 1]);
    int hidden = model.hidden();
    int perToken = model.moe().expertsPerToken();
    Routing routing = new Routing(most, perToken);
    try (DeviceBuffer rows = floats((long) most * hidden);
        DeviceBuffer normed = floats((long) most * hidden);
        DeviceBuffer expertOut = floats((long) most * perToken * hidden);
        DeviceBuffer ones = floats(hidden);
        DeviceBuffer weights = floats((long) model.moe().experts() * hidden);
        DeviceBuffer bias = floats(model.moe().experts())) {
      fill(rows, most * hidden);
      fill(weights, model.moe().experts() * hidden);
      float[] scale = new float[hidden];
      Arrays.fill(scale, 1);
      stream.write(scale, ones);
      Norm norm = Norm.rms(ones, 1e-6f);
      Router router = router(weights, bias);
      List<RowTimes.Point> points = new ArrayList<>();
      for (int count : ROWS) {
        if (count <= most) {
          points.add(
              new RowTimes.Point(
                  count,
                  Repeats.usualOnceCompiled(
                      () -> {
                        stream.norm(rows, count, hidden, norm, normed);
                        stream.normFloat(rows, count, hidden, norm, normed);
                        stream.routeTopK(normed, count, hidden, router, routing);
                        stream.routeTopK(normed, count, hidden, router, routing);
                        stream.combine(expertOut, routing, count, hidden, rows);
                        stream.record().await();
                      })));
        }
      }
      return new RowTimes(points);
    }
  }

  private Router router(DeviceBuffer weights, DeviceBuffer bias) {
    RouterConfig config = model.moe().router();
    @Nullable DeviceBuffer logitBias = config.logitBias() ? bias : null;
    @Nullable DeviceBuffer choiceBias = config.choiceBias() ? bias : null;
    return new Router(
        weights,
        logitBias,
        choiceBias,
        model.moe().experts(),
        model.moe().expertsPerToken(),
        config);
  }

  private DeviceBuffer floats(long count) {
    return device.allocate(budget, count * Float.BYTES);
  }

  private void fill(DeviceBuffer buffer, int count) {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextDouble() - 0.5);
    }
    stream.write(values, buffer);
  }
}
