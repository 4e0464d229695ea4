package dev.drey.runtime.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One small model per architecture, computed by Hugging Face transformers, within the tolerances
 * stated beside them ({@code src/test/resources/golden/README.md}): whole prefill, greedy
 * continuations and likelihoods in a mixed batch, with half of the experts in memory.
 */
class GoldenModelTest {
  static final Path MODELS = Path.of("src/test/resources/golden");
  private static final SupportMatrix MATRIX = new SupportMatrix();

  /** What ran, as the table of {@code docs/models.md}. */
  @AfterAll
  static void writeTheSupportMatrix() throws IOException {
    Files.writeString(Path.of("target/models.md"), MATRIX.table());
  }

  @Test
  void theSupportMatrixListsWhatIsTested() throws IOException {
    assertThat(SupportMatrix.modelsOf(Files.readString(Path.of("../docs/models.md"))))
        .containsExactlyElementsOf(models());
  }

  static List<String> models() throws IOException {
    try (Stream<Path> entries = Files.list(MODELS)) {
      return entries
          .filter(entry -> Files.exists(entry.resolve("config.json")))
          .map(entry -> entry.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  static Stream<Arguments> cases() throws IOException {
    assertThat(models()).hasSize(17);
    return models().stream()
        .flatMap(model -> Stream.of("reference", "cpu").map(device -> Arguments.of(model, device)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void float32AgreesWithTransformers(String model, String device) throws IOException {
    assertThat(verify(model, device, ComputeType.F32).failures()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bfloat16StaysWithinTheBandOfTransformersOwn(String model, String device) throws IOException {
    assertThat(verify(model, device, ComputeType.BF16).failures()).isEmpty();
  }

  static VerifyReport verify(String model, String device, ComputeType compute) throws IOException {
    try (MoeEngine engine = open(MODELS.resolve(model), device, compute)) {
      GoldenFile golden = GoldenFile.read(MODELS.resolve(model).resolve("golden.json"));
      VerifyReport report = new Verification(engine, golden).run();
      MATRIX.add(model, device, report);
      return report;
    }
  }

  static MoeEngine open(Path model, String device, ComputeType compute) throws IOException {
    return MoeEngine.open(
        new EngineConfig(
            model.toString(),
            device,
            compute,
            2,
            null,
            MemorySize.ofPercent(50),
            0,
            "gate.next-layer",
            "classic.lru",
            new ScheduleConfig(8, 4, 256, 64, 1_000_000_000L),
            TransferConfig.DEFAULT));
  }
}
