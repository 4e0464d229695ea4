package dev.drey.runtime.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.cuda.CudaDevice;
import dev.drey.runtime.device.cuda.TestGpu;
import dev.drey.runtime.model.ComputeType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CudaBF16Test extends DeviceConformance {
  @BeforeEach
  void needsTheDriver() {
    TestGpu.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    TestGpu.requireClean();
  }

  @Override
  public Device open() {
    return CudaDevice.open(compute(), 0);
  }

  @Override
  public ComputeType compute() {
    return ComputeType.BF16;
  }

  /** Tensor cores multiply what a query does not see, too. */
  @Test
  void aTokenThatIsNotFiniteReachesNoEarlierRow() {
    List<AttentionCase> kinds =
        List.of(
            AttentionCase.of(4, 2, 32),
            AttentionCase.of(16, 4, 128),
            AttentionCase.latent(20, 144, 16));
    for (AttentionCase kind : kinds) {
      try (Rig rig = rig(kind.model())) {
        KvStore store = kind.store(rig, 4);
        int broken = 71;
        AttentionCase.Sequence sound = kind.sequence(1, 90, 0, 1);
        float[] expected = kind.run(rig, store, sound, 0, 90, 0);
        float[] values = sound.values().clone();
        int from = broken * kind.valueWidth();
        Arrays.fill(values, from, from + kind.valueWidth(), Float.POSITIVE_INFINITY);
        values[from + 3] = Float.NaN;
        int[] blocks = {2, 3};
        float[] found =
            kind.run(
                rig,
                store,
                new AttentionCase.Sequence(90, blocks, sound.queries(), sound.keys(), values),
                0,
                90,
                0);
        int rows = broken * kind.outWidth();
        Numbers.assertSameBits(
            Arrays.copyOf(found, rows), Arrays.copyOf(expected, rows), kind.toString());
        for (int i = rows; i < found.length; i++) {
          assertThat(found[i]).as("number %d of %s", i, kind).isNaN();
        }
      }
    }
  }
}
