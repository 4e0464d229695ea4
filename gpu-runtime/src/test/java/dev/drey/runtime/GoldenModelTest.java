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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The golden model computed by Hugging Face transformers, within the tolerances stated beside it
 * ({@code src/test/resources/golden/README.md}).
 */
class GoldenModelTest {
  private static final Path MODEL = Path.of("src/test/resources/golden/qwen3_moe");
  private static final int MAX_ROWS = 256;

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void float32LogitsAndRoutingMatchTransformers(String device) throws IOException {
    try (MoeEngine engine = open(device, ComputeType.F32)) {
      ForwardProbe probe = new ForwardProbe(engine, MAX_ROWS);
      for (JsonNode prompt : golden().get("prompts")) {
        ForwardProbe.Seen seen = probe.run(ints(prompt.get("input_ids")));
        compareLogits(prompt, seen);
        compareRouting(prompt, seen);
      }
    }
  }

  private static void compareLogits(JsonNode prompt, ForwardProbe.Seen seen) {
    String name = prompt.get("name").asText();
    JsonNode positions = prompt.get("logits_positions");
    for (int i = 0; i < positions.size(); i++) {
      float[] expected = floats(prompt.get("logits").get(i));
      float[] found = seen.logits()[positions.get(i).asInt()];
      double largest = 0;
      double difference = 0;
      for (int id = 0; id < expected.length; id++) {
        largest = Math.max(largest, Math.abs(expected[id]));
        difference = Math.max(difference, Math.abs(expected[id] - found[id]));
      }
      assertThat(difference)
          .as("%s, largest logit difference at position %s", name, positions.get(i))
          .isLessThanOrEqualTo(5e-4)
          .isLessThanOrEqualTo(1e-4 * largest);
    }
    for (int position = 0; position < seen.logits().length; position++) {
      assertThat(ForwardProbe.argmax(seen.logits()[position]))
          .as("%s, argmax at %d", name, position)
          .isEqualTo(prompt.get("argmax").get(position).asInt());
    }
  }

  private static void compareRouting(JsonNode prompt, ForwardProbe.Seen seen) {
    for (int layer = 0; layer < seen.experts().length; layer++) {
      JsonNode routing = prompt.get("routing").get(layer);
      for (int position = 0; position < seen.experts()[layer].length; position++) {
        assertThat(seen.experts()[layer][position])
            .as("%s, experts of layer %d at %d", prompt.get("name"), layer, position)
            .isEqualTo(ints(routing.get("experts").get(position)));
        float[] weights = floats(routing.get("weights").get(position));
        for (int rank = 0; rank < weights.length; rank++) {
          assertThat(seen.weights()[layer][position][rank])
              .isCloseTo(weights[rank], org.assertj.core.data.Offset.offset(1e-4f));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void float32GreedyIdsAndLogLikelihoodsMatchTransformers(String device) throws IOException {
    JsonNode golden = golden();
    try (MoeEngine engine = open(device, ComputeType.F32)) {
      List<Sequence> done = runAll(engine, golden);
      int index = 0;
      for (JsonNode greedy : golden.get("greedy")) {
        assertThat(done.get(index++).progress().outputIds()).isEqualTo(ints(greedy.get("new_ids")));
      }
      for (JsonNode likelihood : golden.get("loglikelihood")) {
        Sequence sequence = done.get(index++);
        float[] found = sequence.progress().logprobs();
        float[] expected = floats(likelihood.get("token_logprobs"));
        double sum = 0;
        for (int i = 0; i < expected.length; i++) {
          assertThat(found[i]).isCloseTo(expected[i], org.assertj.core.data.Offset.offset(5e-4f));
          sum += found[i];
        }
        assertThat(sum)
            .isCloseTo(
                likelihood.get("sum_logprob").asDouble(),
                org.assertj.core.data.Offset.offset(2e-3));
        assertThat(sequence.progress().greedy()).isEqualTo(likelihood.get("is_greedy").asBoolean());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void bfloat16KeepsWithinTheBandOfTransformersOwnBfloat16(String device) throws IOException {
    JsonNode golden = golden();
    JsonNode profile = golden.get("noise").get("bf16_transformers");
    Bfloat16Comparison comparison = new Bfloat16Comparison();
    try (MoeEngine engine = open(device, ComputeType.BF16)) {
      ForwardProbe probe = new ForwardProbe(engine, MAX_ROWS);
      for (JsonNode prompt : golden.get("prompts")) {
        comparison.add(prompt, probe.run(ints(prompt.get("input_ids"))));
      }
      comparison.check(profile);
      List<Sequence> done = runAll(engine, golden);
      int index = golden.get("greedy").size();
      for (JsonNode likelihood : golden.get("loglikelihood")) {
        double sum = 0;
        for (float logprob : done.get(index++).progress().logprobs()) {
          sum += logprob;
        }
        int tokens = likelihood.get("continuation_ids").size();
        assertThat(Math.abs(sum - likelihood.get("sum_logprob").asDouble()) / tokens)
            .isLessThanOrEqualTo(0.5);
      }
    }
  }

  /** Greedy prompts first, then likelihoods, in the file's order. */
  private static List<Sequence> runAll(MoeEngine engine, JsonNode golden) {
    DecodeLoop loop = new DecodeLoop(engine);
    List<Sequence> sequences = new ArrayList<>();
    for (JsonNode greedy : golden.get("greedy")) {
      SamplingParams sampling =
          new SamplingParams(
              greedy.get("new_ids").size(),
              0,
              0,
              1,
              0,
              1,
              0,
              0,
              0,
              Set.of(),
              List.of(),
              true,
              0,
              -1);
      sequences.add(
          Sequence.fresh(
              SequenceRequest.generate("greedy", ints(greedy.get("prompt_ids")), sampling)));
    }
    for (JsonNode likelihood : golden.get("loglikelihood")) {
      int[] context = ints(likelihood.get("context_ids"));
      int[] continuation = ints(likelihood.get("continuation_ids"));
      int[] all = new int[context.length + continuation.length];
      System.arraycopy(context, 0, all, 0, context.length);
      System.arraycopy(continuation, 0, all, context.length, continuation.length);
      sequences.add(Sequence.fresh(SequenceRequest.score("score", all, context.length, 0)));
    }
    loop.run(sequences.iterator(), sequence -> {});
    return sequences;
  }

  private static MoeEngine open(String device, ComputeType compute) throws IOException {
    return MoeEngine.open(
        new EngineConfig(
            MODEL.toString(),
            device,
            compute,
            2,
            null,
            MemorySize.ofPercent(50),
            0,
            "gate.next-layer",
            "classic.lru",
            new ScheduleConfig(8, 4, MAX_ROWS, 64, 1_000_000_000L),
            TransferConfig.DEFAULT));
  }

  private static JsonNode golden() throws IOException {
    return new ObjectMapper().readTree(MODEL.resolve("golden.json").toFile());
  }

  static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }
}
