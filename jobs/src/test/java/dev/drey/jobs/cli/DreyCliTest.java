package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;

@Timeout(120)
class DreyCliTest {
  private static final Path EXAMPLES = Path.of("../examples");
  private static final String MODEL = EXAMPLES.resolve("sample-qwen3-moe").toString();

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Probe probe = new Probe();

  private int drey(String... arguments) {
    List<CliCommand> commands = new ArrayList<>(Commands.all());
    commands.add(probe);
    Console console = new Console(new PrintWriter(out, true), new PrintWriter(err, true), false);
    return new DreyCli(commands, console, new Configuration()).run(arguments);
  }

  /** A command that shows what it was given, or fails as told. */
  @Command(name = "probe")
  private static final class Probe implements CliCommand {
    private Map<String, String> settings = Map.of();
    private @Nullable Exception failure;

    @Override
    public Set<Section> sections() {
      return EnumSet.allOf(Section.class);
    }

    @Override
    public int run(Invocation invocation) throws Exception {
      settings = invocation.settings().toMap();
      if (failure != null) {
        throw failure;
      }
      return ExitCode.DONE;
    }
  }

  @Test
  void flagsDefinitionsAndFileSetTheSameKeysAndFlagsWin() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("a.yaml"),
            "drey: {compute.threads: 1, pipeline.stages: 1, job.seed: 1}\n");

    int code =
        drey(
            "probe",
            "--config",
            file.toString(),
            "-Ddrey.pipeline.stages=2",
            "-D",
            "drey.job.seed=2",
            "--seed",
            "3",
            "--bounded",
            "--device-memory",
            "2g");

    assertThat(code).isEqualTo(0);
    assertThat(probe.settings)
        .containsOnly(
            Map.entry("drey.compute.threads", "1"),
            Map.entry("drey.pipeline.stages", "2"),
            Map.entry("drey.job.seed", "3"),
            Map.entry("drey.kafka.bounded", "true"),
            Map.entry("drey.memory.device", "2g"));
  }

  @Test
  void aMistypedCommandOrFlagIsWrongUsageWithASuggestion() {
    assertThat(drey("genrate")).isEqualTo(2);
    assertThat(err.toString()).contains("did you mean generate?");

    assertThat(drey("generate", "--modle", "x")).isEqualTo(2);
    assertThat(err.toString()).contains("did you mean --model?");
  }

  @Test
  void noCommandIsWrongUsageAndHelpIsNot() {
    assertThat(drey()).isEqualTo(2);
    assertThat(err.toString()).contains("Usage: drey");
    assertThat(drey("--help")).isEqualTo(0);
    assertThat(drey("generate", "--help")).isEqualTo(0);
    assertThat(out.toString()).contains("--expert-memory").contains("--checkpoint-interval");
    assertThat(drey("--version")).isEqualTo(0);
  }

  @Test
  void everyProblemOfACommandIsReportedBeforeAnythingStarts() {
    int code = drey("generate", "--stages", "none", "--compute", "fp4", "-Ddrey.modle.path=x");

    assertThat(code).isEqualTo(2);
    assertThat(err.toString())
        .contains("6 problems")
        .contains("drey.pipeline.stages (--stages)")
        .contains("drey.compute.type (--compute)")
        .contains("did you mean drey.model.path?")
        .contains("drey.model.path (--model): is needed")
        .contains("drey.input.path (--input): is needed")
        .contains("drey.output.path (--output): is needed")
        .doesNotContain("\tat ");
  }

  @Test
  void aFailureIsOneMessageAndTheTraceOnlyOnRequest() {
    probe.failure = new IllegalStateException("the disk is full");

    assertThat(drey("probe")).isEqualTo(1);
    assertThat(err.toString()).contains("the disk is full").doesNotContain("\tat ");
    assertThat(drey("probe", "--verbose")).isEqualTo(1);
    assertThat(err.toString()).contains("\tat ");
  }

  @Test
  void aRefusalBehindAFailureIsStillARefusal() {
    probe.failure = new Exception("job failed", new RefusedException("no such thing"));

    assertThat(drey("probe")).isEqualTo(2);
    assertThat(err.toString()).contains("drey: no such thing");
  }

  @Test
  void aModelThatIsNotThereIsRefusedByName() throws IOException {
    Path input = Files.writeString(directory.resolve("in.jsonl"), "{}\n");

    int code =
        drey(
            "generate",
            "--model",
            directory.resolve("none").toString(),
            "--input",
            input.toString(),
            "--output",
            directory.resolve("out").toString());

    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains(directory.resolve("none").toString());
  }

  @Test
  void aModelIsInspected() throws IOException {
    assertThat(drey("inspect", "--model", MODEL)).isEqualTo(0);
    assertThat(out.toString()).contains("qwen3_moe").contains("256 in all");

    out.getBuffer().setLength(0);
    assertThat(drey("inspect", "--model", MODEL, "--tensors", "--json")).isEqualTo(0);
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.at("/experts").asInt()).isEqualTo(256);
    assertThat(json.at("/tensors")).hasSize(842);
  }

  @Test
  void anInspectionReadsEveryWeightIfThatIsAskedFor() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(Path.of(MODEL, name), model.resolve(name));
    }
    assertThat(drey("inspect", "--model", model.toString(), "--refuse-non-finite")).isEqualTo(0);

    Path weights = model.resolve("model.safetensors");
    try (FileChannel file = FileChannel.open(weights, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {(byte) 0x80, 0x7f}), file.size() - 2);
    }
    assertThat(drey("inspect", "--model", model.toString())).isEqualTo(0);
    assertThat(drey("inspect", "--model", model.toString(), "--refuse-non-finite")).isEqualTo(2);
    assertThat(err.toString())
        .contains(weights + ": tensor '", "finite numbers, found Infinity at");

    assertThat(drey("inspect", "--model", model.toString(), "--verify-checksums")).isEqualTo(2);
    assertThat(err.toString()).contains("SHA256SUMS: expected a file, found none");
  }

  @Test
  void aModelIsVerifiedAgainstAGoldenFileAndADifferenceIsAFailure() throws IOException {
    Path golden = Path.of("../gpu-runtime/src/test/resources/golden/qwen3_moe");
    String[] verify = {
      "verify", "--model", golden.toString(), "--compute", "f32", "--json", "--golden"
    };
    assertThat(drey(with(verify, golden.resolve("golden.json")))).isEqualTo(0);
    JsonNode report = new ObjectMapper().readTree(out.toString());
    assertThat(report.at("/passed").asBoolean()).isTrue();
    assertThat(report.at("/prompts")).hasSize(8);
    assertThat(report.at("/largest_logit_difference").asDouble()).isBetween(1e-9, 5e-4);

    ObjectNode changed =
        (ObjectNode) new ObjectMapper().readTree(golden.resolve("golden.json").toFile());
    ((ArrayNode) changed.at("/prompts/1/logits/2")).set(3, 100);
    ((ArrayNode) changed.at("/greedy/0/new_ids")).set(5, 7);
    Path other = directory.resolve("golden.json");
    new ObjectMapper().writeValue(other.toFile(), changed);
    out.getBuffer().setLength(0);
    assertThat(drey(with(verify, other))).isEqualTo(1);
    report = new ObjectMapper().readTree(out.toString());
    assertThat(report.at("/passed").asBoolean()).isFalse();
    assertThat(report.at("/failures").toString())
        .contains("len7: logits at position 2 differ by")
        .contains("greedy 0: ");

    Files.writeString(other, "{}");
    assertThat(drey(with(verify, other))).isEqualTo(2);
    assertThat(err.toString()).contains("expected a golden file, found no key 'format_version'");
  }

  private static String[] with(String[] arguments, Path last) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last.toString();
    return all;
  }

  @Test
  void promptsAreAnsweredFromFileToFile() throws IOException {
    Path input =
        Files.writeString(
            directory.resolve("in.jsonl"),
            """
            {"custom_id": "a", "prompt": "Q: What is a heron?\\nA:", "max_tokens": 4}
            {"custom_id": "b", "prompt": "Q: What is a sonnet?\\nA:", "max_tokens": 4, "colour": 1}
            not json
            """);

    int code =
        drey(
            "generate",
            "--model",
            MODEL,
            "--input",
            input.toString(),
            "--output",
            directory.resolve("out").toString(),
            "--expert-memory",
            "50%",
            "--json");

    assertThat(err.toString()).doesNotContain("Exception");
    assertThat(code).isEqualTo(0);
    JsonNode summary = new ObjectMapper().readTree(out.toString());
    assertThat(summary.at("/records/results").asInt()).isEqualTo(1);
    assertThat(summary.at("/records/dead_letters").asInt()).isEqualTo(2);
    assertThat(summary.at("/tokens/generated").asInt()).isEqualTo(4);
    assertThat(summary.at("/experts/misses").asInt()).isPositive();
    assertThat(summary.at("/memory/device/peak_bytes").asLong())
        .isPositive()
        .isLessThanOrEqualTo(summary.at("/memory/device/budget_bytes").asLong());
    assertThat(summary.at("/memory/device/used_bytes").asLong(-1)).as("given back").isZero();
    assertThat(Files.readString(directory.resolve("out/results.jsonl"), UTF_8))
        .contains("\"custom_id\":\"a\"")
        .contains("\"completion_tokens\":4");
    assertThat(Files.readAllLines(directory.resolve("out/dead-letters.jsonl"))).hasSize(2);
  }

  @Test
  void aConversationIsAnsweredLikeThePromptItBecomes() throws IOException {
    Path input =
        Files.writeString(
            directory.resolve("in.jsonl"),
            """
            {"custom_id": "chat", "max_tokens": 6, "messages": [{"role": "user", "content": "What is a heron?"}]}
            {"custom_id": "text", "max_tokens": 6, "prompt": "<|im_start|>user\\nWhat is a heron?<|im_end|>\\n<|im_start|>assistant\\n"}
            {"custom_id": "none", "max_tokens": 6, "messages": [{"role": "user"}]}
            """);

    int code =
        drey(
            "generate",
            "--model",
            MODEL,
            "--input",
            input.toString(),
            "--output",
            directory.resolve("out").toString());

    assertThat(err.toString()).doesNotContain("Exception");
    assertThat(code).isEqualTo(0);
    List<JsonNode> results = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("out/results.jsonl"))) {
      results.add(new ObjectMapper().readTree(line));
    }
    assertThat(results).hasSize(2);
    for (String field : List.of("text", "token_ids", "finish_reason", "usage")) {
      assertThat(results.get(0).required(field)).isEqualTo(results.get(1).required(field));
    }
    assertThat(results.get(0).required("custom_id").asText()).isEqualTo("chat");
    assertThat(results.get(0).at("/sampling/temperature").asDouble())
        .as("the model's authors want greedy decoding")
        .isZero();
    assertThat(Files.readAllLines(directory.resolve("out/dead-letters.jsonl")))
        .singleElement()
        .asString()
        .contains("request.chat_template_failed", "chat template, line 1: + is not supported");
  }

  @Test
  void aWindowTooSmallForTheModelIsRefusedBeforeAnythingStarts() throws IOException {
    assertThat(generate("--expert-memory", "1000")).isEqualTo(2);
    assertThat(err.toString()).contains("expert memory of 1000 bytes is too small");
    assertNothingStarted();
  }

  @Test
  void aTotalTooSmallForTheModelIsRefusedBeforeAnythingStarts() throws IOException {
    assertThat(generate("--device-memory", "8m")).isEqualTo(2);
    assertThat(err.toString())
        .containsPattern("8388608 bytes is too small: the smallest that works is [0-9]{8} bytes");
    assertNothingStarted();
  }

  @Test
  void aPredictorWhoseFileIsMissingOrDamagedIsRefusedBeforeAnythingStarts() throws IOException {
    assertThat(generate("--expert-memory", "50%", "--predictor", "learned.mlp")).isEqualTo(2);
    assertThat(err.toString()).contains("needs the file it was trained to");

    Path file = directory.resolve("learned.mlp");
    String[] flags = {
      "--expert-memory", "50%", "--predictor", "learned.mlp", "--predictor-file", file.toString()
    };
    assertThat(generate(flags)).isEqualTo(2);
    assertThat(err.toString()).contains(file + " cannot be read").contains("drey train-predictor");

    Files.writeString(file, "DREYMLP\nand then something else");
    assertThat(generate(flags)).isEqualTo(2);
    assertThat(err.toString()).contains(file + " is damaged: expected checksum");
    assertNothingStarted();
  }

  private int generate(String... flags) throws IOException {
    Path input = Files.writeString(directory.resolve("in.jsonl"), "{\"prompt\": \"a\"}\n");
    List<String> arguments = new ArrayList<>(List.of("generate", "--model", MODEL));
    arguments.addAll(List.of("--input", input.toString()));
    arguments.addAll(List.of("--output", directory.resolve("out").toString()));
    arguments.addAll(List.of(flags));
    return drey(arguments.toArray(String[]::new));
  }

  /** Neither a cluster, which says where it is, nor a run's folder. */
  private void assertNothingStarted() {
    assertThat(err.toString()).doesNotContain("web interface");
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void passagesAreScoredAsTheReferenceScoresThem() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Path input = directory.resolve("in.jsonl");
    List<String> passages = Files.readAllLines(EXAMPLES.resolve("sample-eval.jsonl"));
    JsonNode reference =
        json.readTree(EXAMPLES.resolve("reference/eval_logprobs.json").toFile()).get("passages");
    Files.write(input, passages.subList(0, reference.size()));

    int code =
        drey(
            "score",
            "--model",
            MODEL,
            "--input",
            input.toString(),
            "--output",
            directory.resolve("out").toString(),
            "--compute",
            "f32",
            "--expert-memory",
            "25%");

    assertThat(code).as(err.toString()).isEqualTo(0);
    List<String> results = Files.readAllLines(directory.resolve("out/results.jsonl"));
    assertThat(results).hasSize(reference.size());
    for (int i = 0; i < results.size(); i++) {
      JsonNode result = json.readTree(results.get(i));
      JsonNode expected = reference.get(i);
      String name = expected.path("id").asText();
      assertThat(result.path("custom_id").asText()).isEqualTo(name);
      assertThat(result.path("loglikelihood").asDouble())
          .as(name)
          .isCloseTo(expected.path("total_logprob").asDouble(), within(1e-2));
      JsonNode logprobs = result.path("token_logprobs");
      assertThat(logprobs).as(name).hasSize(expected.path("token_logprobs").size());
      for (int token = 0; token < logprobs.size(); token++) {
        assertThat(logprobs.path(token).asDouble())
            .as("%s, token %d", name, token)
            .isCloseTo(expected.path("token_logprobs").path(token).asDouble(), within(1e-2));
      }
    }
  }
}
