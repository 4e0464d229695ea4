package dev.drey.runtime.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.device.cuda.TestGpu;
import dev.drey.runtime.model.ComputeType;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture on the cuda device, within the tolerances of {@link GoldenModelTest}. */
class CudaGoldenTest {
  @BeforeEach
  void needsTheDriver() {
    TestGpu.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    TestGpu.requireClean();
  }

  static Stream<Arguments> cases() throws IOException {
    return GoldenModelTest.models().stream()
        .flatMap(model -> Stream.of(ComputeType.values()).map(type -> Arguments.of(model, type)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theModelAgreesWithTransformers(String model, ComputeType compute) throws IOException {
    try (MoeEngine engine =
        GoldenModelTest.open(GoldenModelTest.MODELS.resolve(model), "cuda", compute)) {
      GoldenFile golden =
          GoldenFile.read(GoldenModelTest.MODELS.resolve(model).resolve("golden.json"));
      assertThat(new Verification(engine, golden).run().failures()).isEmpty();
    }
  }
}
