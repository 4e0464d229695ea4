package dev.drey.operators.slot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.operators.records.Outcome;
import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.WithToyWorld;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.slot.SlotRuntimes;
import dev.drey.runtime.transfer.TransferConfig;
import dev.drey.schemas.InferenceResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The sample model through the whole replica, against its reference continuations. */
class RealEngineTest extends WithToyWorld {
  private static final Path EXAMPLES = Path.of("..", "examples");
  private static final int TOKENS = 12;
  private static final int PROMPTS = 5;

  private static EngineConfig config() {
    return new EngineConfig(
        EXAMPLES.resolve("sample-qwen3-moe").toString(),
        "cpu",
        ComputeType.F32,
        2,
        null,
        MemorySize.ofPercent(50),
        0,
        "gate.next-layer",
        "classic.lru",
        new ScheduleConfig(4, 2, 64, 32, 1_000_000_000L),
        TransferConfig.DEFAULT);
  }

  private static List<JsonNode> references() throws IOException {
    JsonNode all =
        new ObjectMapper()
            .readTree(Files.readString(EXAMPLES.resolve("reference").resolve("greedy.json")));
    List<JsonNode> prompts = new ArrayList<>();
    all.get("prompts").forEach(prompts::add);
    return prompts.subList(0, PROMPTS);
  }

  @Test
  void sampleModelContinuesPromptsAsItsReferenceDoes(TestCluster cluster) throws Exception {
    List<JsonNode> references = references();
    ArrayList<String> requests = new ArrayList<>();
    for (JsonNode reference : references) {
      requests.add(
          "{\"prompt\":%s,\"max_tokens\":%d,\"temperature\":0,\"ignore_eos\":true}"
              .formatted(reference.get("prompt"), TOKENS));
    }
    ListSource source = new ListSource(1, PROMPTS, true, (p, o) -> requests.get((int) o));
    MoeSlotEngines engines = new MoeSlotEngines(config(), Duration.ZERO);
    cluster.await(cluster.submit(job(source).options(o -> o.engines(engines)).graph()));

    assertThat(world.committed()).hasSize(PROMPTS);
    for (Outcome outcome : world.committed()) {
      InferenceResult result = outcome.result();
      JsonNode ids = references.get((int) outcome.origin().offset()).get("generated_ids");
      List<Integer> expected = new ArrayList<>();
      ids.forEach(id -> expected.add(id.intValue()));
      assertThat(result == null ? List.of() : result.getTokenIds())
          .isEqualTo(expected.subList(0, TOKENS));
    }
    assertThat(SlotRuntimes.open()).isEmpty();
  }
}
