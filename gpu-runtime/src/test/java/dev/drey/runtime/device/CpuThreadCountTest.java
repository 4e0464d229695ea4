package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;

import dev.drey.runtime.device.cpu.CpuDevice;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.RotaryConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Operations whose work is cut by the number of threads, with one, two and five of them. */
class CpuThreadCountTest {
  private static void assertSameWithAnyThreads(
      ModelConfig model, Function<Rig, float[]> operation, String what) {
    float[] alone = compute(model, operation, 1);
    assertSameBits(compute(model, operation, 2), alone, what + ", two threads");
    assertSameBits(compute(model, operation, 5), alone, what + ", five threads");
  }

  private static float[] compute(ModelConfig model, Function<Rig, float[]> operation, int threads) {
    CpuDevice device = CpuDevice.open(ComputeType.F32, threads);
    try (Rig rig = new Rig(device, ComputeType.F32.activation(), model)) {
      return operation.apply(rig);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.drey.runtime.device.AttentionCase#all")
  void attention(AttentionCase kind) {
    AttentionCase.Sequence sequence = kind.sequence(1, 131, 3, 0, 2);
    assertSameWithAnyThreads(
        kind.model(), rig -> kind.run(rig, kind.store(rig, 4), sequence, 0, 131, 0), "prefill");
    assertSameWithAnyThreads(
        kind.model(),
        rig -> {
          KvStore store = kind.store(rig, 4);
          kind.run(rig, store, sequence, 0, 130, 0);
          return kind.run(rig, store, sequence, 130, 131, 0);
        },
        "decode");
  }

  @ParameterizedTest
  @MethodSource("dev.drey.runtime.device.DeltaConformance$Shapes#all")
  void gatedDeltaRule(GatedDeltaRule shape) {
    assertSameWithAnyThreads(
        Rig.model(64, 64, shape, Rig.moe(40)),
        rig -> {
          DeltaProbe probe = new DeltaProbe(rig, shape, 37, 1);
          return probe.run(probe.store(1), 0, 37, 0, 0);
        },
        "delta rule");
  }

  @Test
  void productsOfHeads() {
    LatentAttention attention =
        new LatentAttention(3, 0, 128, 48, 16, 32, 0.1, RotaryConfig.plain(16, 10_000), false);
    assertSameWithAnyThreads(
        Rig.model(64, 64, attention, Rig.moe(40)),
        rig -> {
          List<Matrix> matrices = new ArrayList<>();
          for (int head = 0; head < 3; head++) {
            matrices.add(rig.matrix(new MatrixShape(128, 48), Numbers.bfloats(head, 128 * 48)));
          }
          DeviceBuffer x = rig.floats(Numbers.floats(9, 37 * 3 * 48));
          DeviceBuffer out = rig.floats(new float[37 * 3 * 144]);
          rig.stream.headMatmul(x, 37, matrices, out, 144);
          return rig.read(out, 37 * 3 * 144);
        },
        "products of heads");
  }
}
