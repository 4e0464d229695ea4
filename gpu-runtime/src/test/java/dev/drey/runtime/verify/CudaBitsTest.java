package dev.drey.runtime.verify;

import dev.drey.runtime.device.cuda.TestGpu;
import dev.drey.runtime.model.ComputeType;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link ArchitectureBitsTest} on the cuda device. */
class CudaBitsTest {
  @BeforeEach
  void needsTheDriver() {
    TestGpu.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    TestGpu.requireClean();
  }

  static Stream<Arguments> cases() throws IOException {
    return ArchitectureBitsTest.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsDependOnTheRequestAlone(String model, ComputeType compute) throws IOException {
    ArchitectureBitsTest.requireSameBits(model, "cuda", compute, "gate.next-layer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3_moe", "deepseek_v2_lite"})
  void aShadowAheadOfItChangesNothing(String model) throws IOException {
    ArchitectureBitsTest.requireSameBits(model, "cuda", ComputeType.BF16, "shadow.int4");
  }
}
