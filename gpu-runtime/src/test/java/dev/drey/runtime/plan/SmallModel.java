package dev.drey.runtime.plan;

import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RouterConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A model, a machine and a memory law small enough to think about. */
final class SmallModel {
  /** 8 routed layers of 8 experts, 2 per token; an expert has 3 * 16 * 12 weights. */
  static final ModelConfig MODEL = model();

  static final SamplerTimes SAMPLER = new SamplerTimes(7, 90);
  static final int EXPERTS = 8;
  static final int LAYERS = 8;

  private SmallModel() {}

  private static ModelConfig model() {
    GroupedQueryAttention attention =
        GroupedQueryAttention.of(2, 1, 8, RotaryConfig.plain(8, 1e4)).build();
    List<LayerConfig> layers = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      layers.add(new LayerConfig(attention, true));
    }
    return new ModelConfig(
        "qwen3_moe",
        50,
        16,
        4096,
        NormConfig.rms(1e-6),
        Multipliers.NONE,
        false,
        false,
        layers,
        MoeConfig.of(EXPERTS, 2, 12, RouterConfig.softmax(true)),
        10);
  }

  /** Products take a nanosecond per weight, and another per 16 rows. */
  static Machine machine(double memoryBytesPerSecond, double linkBytesPerSecond) {
    return machine(memoryBytesPerSecond, linkBytesPerSecond, 0);
  }

  static Machine machine(double memoryBytesPerSecond, double linkBytesPerSecond, double loadCores) {
    ProductTimes products =
        new ProductTimes(
            Product.of(MODEL).keySet().stream()
                .flatMap(
                    product ->
                        Stream.of(1, 1024)
                            .map(
                                rows ->
                                    new ProductTimes.Point(
                                        product,
                                        rows,
                                        product.elements() * (1 + rows / 16.0),
                                        (double) product.flopsPerRow() * rows)))
                .toList());
    LayerTimes layers =
        new LayerTimes(
            List.of(new AttentionTimes(10, 1, 10, 0.5)),
            new RowTimes(
                List.of(new RowTimes.Point(1, 50), new RowTimes.Point(1024, 50 + 1023 * 2))));
    return new Machine(
        products,
        products,
        layers,
        SAMPLER,
        memoryBytesPerSecond,
        1,
        linkBytesPerSecond,
        0,
        linkBytesPerSecond,
        loadCores,
        0,
        0,
        0);
  }

  static StepModel steps(Machine machine) {
    return new StepModel(MODEL, ComputeType.F32, machine, ExpertPopularity.of(EXPERTS, 2, 0), 2, 2);
  }

  /** Bytes that grow with all that a plan chooses. */
  static class Law implements MemoryLaw {
    @Override
    public FixedMemory fixed(int sequences, int stepTokens, int kvBlocks) {
      return new FixedMemory(
          5000, 256L * kvBlocks, 10L * sequences, 300, 64L * stepTokens, 8L * stepTokens, 40, 0);
    }

    @Override
    public long slotBytes() {
      return 1152;
    }

    @Override
    public int totalExperts() {
      return LAYERS * EXPERTS;
    }

    @Override
    public int leastSlots() {
      return 2;
    }

    @Override
    public int blockTokens() {
      return 16;
    }

    @Override
    public int leastKvBlocks() {
      return 4;
    }
  }
}
