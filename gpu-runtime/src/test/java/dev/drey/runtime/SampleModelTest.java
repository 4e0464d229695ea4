package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** The trained sample model against its reference outputs, float32, a quarter of its experts. */
class SampleModelTest {
  private static final Path EXAMPLES = Path.of("../examples");
  private static final double CLEAR_MARGIN = 1e-3;

  @Test
  void greedyContinuationsMatchTheReferenceUpToTheFirstNearTie() throws IOException {
    try (MoeEngine engine = open()) {
      DecodeLoop loop = new DecodeLoop(engine);
      List<Sequence> sequences = new ArrayList<>();
      JsonNode prompts = json("greedy.json").get("prompts");
      for (JsonNode prompt : prompts) {
        int tokens = prompt.get("generated_ids").size();
        SamplingParams sampling =
            new SamplingParams(tokens, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), true, 0, -1);
        int[] ids = ints(prompt.get("prompt_ids"));
        assertThat(engine.tokenizer().orElseThrow().encode(prompt.get("prompt").asText()))
            .isEqualTo(ids);
        sequences.add(
            Sequence.fresh(SequenceRequest.generate(prompt.get("id").asText(), ids, sampling)));
      }
      loop.run(sequences.iterator(), sequence -> {});
      for (int i = 0; i < sequences.size(); i++) {
        int clear = clearPositions(prompts.get(i));
        assertThat(sequences.get(i).progress().outputIds())
            .as(prompts.get(i).get("id").asText())
            .startsWith(prefix(prompts.get(i).get("generated_ids"), clear));
      }
    }
  }

  @Test
  void routingMatchesTheReferenceUpToTheFirstNearTie() throws IOException {
    JsonNode greedy = json("greedy.json").get("prompts");
    JsonNode prompts = json("routing.json.gz").get("prompts");
    try (MoeEngine engine = open()) {
      ForwardProbe probe = new ForwardProbe(engine);
      for (int i = 0; i < prompts.size(); i++) {
        JsonNode prompt = prompts.get(i);
        int[] ids = ints(prompt.get("ids"));
        ForwardProbe.Seen seen = probe.run(ids);
        int clear = greedy.get(i).get("prompt_ids").size() + clearPositions(greedy.get(i)) - 1;
        for (int layer = 0; layer < seen.experts().length; layer++) {
          for (int position = 0; position < clear; position++) {
            JsonNode expected = prompt.get("layers").get(layer);
            assertThat(seen.experts()[layer][position])
                .as("%s layer %d position %d", prompt.get("id"), layer, position)
                .isEqualTo(ints(expected.get("experts").get(position)));
          }
        }
      }
    }
  }

  @Test
  void logLikelihoodsOfTheEvaluationTextMatchTheReference() throws IOException {
    try (MoeEngine engine = open()) {
      DecodeLoop loop = new DecodeLoop(engine);
      List<Sequence> sequences = new ArrayList<>();
      JsonNode passages = json("eval_logprobs.json").get("passages");
      for (JsonNode passage : passages) {
        int[] ids = ints(passage.get("ids"));
        sequences.add(Sequence.fresh(SequenceRequest.score(passage.get("id").asText(), ids, 1, 0)));
      }
      loop.run(sequences.iterator(), sequence -> {});
      for (int i = 0; i < sequences.size(); i++) {
        double sum = 0;
        for (float logprob : sequences.get(i).progress().logprobs()) {
          sum += logprob;
        }
        assertThat(sum)
            .as(passages.get(i).get("id").asText())
            .isCloseTo(
                passages.get(i).get("total_logprob").asDouble(),
                org.assertj.core.data.Offset.offset(1e-2));
      }
    }
  }

  private static int clearPositions(JsonNode prompt) {
    JsonNode margins = prompt.get("argmax_margin");
    for (int i = 0; i < margins.size(); i++) {
      if (margins.get(i).asDouble() < CLEAR_MARGIN) {
        return i;
      }
    }
    return margins.size();
  }

  private static int[] ints(JsonNode ids) {
    return prefix(ids, ids.size());
  }

  private static int[] prefix(JsonNode ids, int count) {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = ids.get(i).asInt();
    }
    return values;
  }

  private static MoeEngine open() throws IOException {
    return MoeEngine.open(
        new EngineConfig(
            EXAMPLES.resolve("sample-qwen3-moe").toString(),
            "cpu",
            ComputeType.F32,
            2,
            null,
            MemorySize.ofPercent(25),
            0,
            "gate.next-layer",
            "classic.lru",
            new ScheduleConfig(16, 16, 256, 128, 1_000_000_000L),
            TransferConfig.DEFAULT));
  }

  private static JsonNode json(String name) throws IOException {
    Path file = EXAMPLES.resolve("reference").resolve(name);
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = name.endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      return new ObjectMapper().readTree(in);
    }
  }
}
