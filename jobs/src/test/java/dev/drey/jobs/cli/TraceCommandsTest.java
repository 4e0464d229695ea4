package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.runtime.cache.CachePolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** From {@code generate --trace} to {@code simulate} and {@code report}, on the sample model. */
@Timeout(120)
class TraceCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODEL = "../examples/sample-qwen3-moe";

  @TempDir
  @SuppressWarnings("NullAway.Init")
  static Path directory;

  private static JsonNode generated = JSON.createObjectNode();
  private static Path trace = Path.of("");

  private record Output(int code, String text, String problems) {}

  private static Output drey(Object... arguments) {
    CommandRun cli = new CommandRun();
    int code = cli.drey(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    return new Output(code, cli.out(), cli.err());
  }

  @BeforeAll
  static void recordATrace() throws IOException {
    List<String> prompts = new ArrayList<>();
    for (String noun : List.of("heron", "sonnet", "glacier")) {
      prompts.add("{\"prompt\": \"Q: What is a %s?\\nA:\", \"max_tokens\": 8}".formatted(noun));
    }
    Path input = Files.write(directory.resolve("in.jsonl"), prompts);
    trace = directory.resolve("run.trace");
    Output run =
        drey(
            "generate",
            "--model",
            MODEL,
            "--input",
            input,
            "--output",
            directory.resolve("out"),
            "--expert-memory",
            "25%",
            "--trace",
            trace,
            "--json");
    assertThat(run.code()).as(run.problems()).isZero();
    generated = JSON.readTree(run.text());
  }

  @Test
  void aPredictorIsTrainedFromATraceAndRunsInTheSimulatorAndTheEngine() throws IOException {
    Path file = directory.resolve("learned.mlp");
    Output training = drey("train-predictor", "--trace", trace, "--out", file, "--json");
    assertThat(training.code()).as(training.problems()).isZero();
    JsonNode trained = JSON.readTree(training.text());
    assertThat(trained.at("/rows").asLong()).isPositive();
    assertThat(trained.at("/bytes").asLong()).isEqualTo(Files.size(file));
    assertThat(trained.at("/recall").asDouble()).isBetween(0.2, 1.0);

    Output simulation =
        drey(
            "simulate",
            "--trace",
            trace,
            "--predictions",
            "learned.mlp",
            "--predictor-file",
            file,
            "--policies",
            "classic.lru",
            "--budgets",
            "0.25",
            "--json");
    assertThat(simulation.code()).as(simulation.problems()).isZero();
    assertThat(JSON.readTree(simulation.text()).at("/recall/0/distance").asInt()).isEqualTo(1);

    Path input = directory.resolve("one.jsonl");
    Files.writeString(input, "{\"prompt\": \"The sea\", \"max_tokens\": 4}\n");
    Output run =
        drey(
            "generate",
            "--model",
            MODEL,
            "--input",
            input,
            "--output",
            directory.resolve("out-learned"),
            "--expert-memory",
            "25%",
            "--predictor",
            "learned.mlp",
            "--predictor-file",
            file,
            "--json");
    assertThat(run.code()).as(run.problems()).isZero();
    assertThat(JSON.readTree(run.text()).at("/experts/prefetched_used").asLong()).isPositive();

    Output missing = drey("simulate", "--trace", trace, "--predictions", "learned.mlp");
    assertThat(missing.code()).isEqualTo(2);
    assertThat(missing.problems()).contains("needs the file it was trained to");
  }

  @Test
  void generateSaysWhatItRecordedAndTheFileAgreesWithItsSummary() throws IOException {
    assertThat(generated.at("/traces/0/file").asText()).isEqualTo(trace.toString());
    assertThat(generated.at("/traces/0/dropped").asLong()).isZero();

    Output report = drey("report", trace, "--out", directory.resolve("a.html"), "--json");

    assertThat(report.code()).as(report.problems()).isZero();
    JsonNode json = JSON.readTree(report.text());
    assertThat(json.at("/residency/hits")).isEqualTo(generated.at("/experts/hits"));
    assertThat(json.at("/residency/misses")).isEqualTo(generated.at("/experts/misses"));
    assertThat(json.at("/residency/late_hits")).isEqualTo(generated.at("/experts/late_hits"));
    assertThat(json.at("/latency/outputs").asInt()).isEqualTo(3 * 8);
    assertThat(json.at("/recall/0/distance").asInt()).isEqualTo(1);
    assertThat(json.at("/trace/slots").asInt()).isEqualTo(64);
  }

  @Test
  void simulatePutsEveryPolicyBesideBeladysBound() throws IOException {
    int replays = 2 * CachePolicies.names().size();
    Output text = drey("simulate", "--trace", trace, "--budgets", "0.1,0.5");
    assertThat(text.code()).as(text.problems()).isZero();
    assertThat(text.text()).contains("classic.lru", "cacheless.load-use-drop", "128 slots of 256");
    assertThat(text.problems()).contains(replays + "/" + replays + " replays");

    Output json =
        drey(
            "simulate",
            "--trace",
            trace,
            "--budgets",
            "0.1,0.25,1",
            "--policies",
            "classic.lru",
            "--bandwidth",
            "100m",
            "--json");

    assertThat(json.code()).as(json.problems()).isZero();
    JsonNode report = JSON.readTree(json.text());
    assertThat(report.get("budgets")).hasSize(3);
    long before = Long.MAX_VALUE;
    for (JsonNode budget : report.get("budgets")) {
      long bound = budget.at("/belady/loads").asLong();
      assertThat(bound).isPositive().isLessThanOrEqualTo(before);
      assertThat(budget.at("/policies/0/loads").asLong()).isGreaterThanOrEqualTo(bound);
      assertThat(budget.at("/policies/0/nanos").asLong())
          .isGreaterThanOrEqualTo(budget.at("/belady/nanos").asLong());
      before = bound;
    }
    assertThat(report.at("/budgets/2/slots").asInt()).isEqualTo(256);
    assertThat(report.at("/bytes_per_second").asDouble()).isEqualTo(100 * 1024 * 1024);
  }

  @Test
  void aPredictorThatReadsRoutingIsRunOverTheTrace() throws IOException {
    Output json =
        drey(
            "simulate",
            "--trace",
            trace,
            "--policies",
            "classic.lru",
            "--predictions",
            "history.previous-token",
            "--lookahead",
            "2",
            "--json");

    assertThat(json.code()).as(json.problems()).isZero();
    JsonNode report = JSON.readTree(json.text());
    assertThat(report.at("/predictions").asText()).isEqualTo("history.previous-token");
    assertThat(report.at("/recall")).hasSize(2);
    assertThat(report.at("/recall/1/distance").asInt()).isEqualTo(2);
    assertThat(report.at("/recall/1/recall").asDouble()).isBetween(0.01, 0.99);
  }

  @Test
  void thePageHoldsAllItNeedsAndTheDataItShows() throws IOException {
    Path simulation = directory.resolve("simulation.json");
    Files.writeString(
        simulation, drey("simulate", "--trace", trace, "--budgets", "0.1,0.5", "--json").text());
    Path page = directory.resolve("b.html");

    Output report = drey("report", trace, "--out", page, "--simulation", simulation);

    assertThat(report.code()).as(report.problems()).isZero();
    assertThat(report.text()).contains("hit rate", "predictions 1 layers ahead", page.toString());
    String html = Files.readString(page, UTF_8);
    assertThat(html)
        .contains(
            "Chart.js v4",
            "Permission is hereby granted",
            "default-src 'none'",
            "function simulation()");
    assertThat(html)
        .doesNotContain(
            "/*DATA*/", "/*CHARTS*/", "/*PAGE*/", "/*SCRIPT*/", "/*LICENCE*/", "sourceMappingURL");
    assertThat(html).doesNotContainPattern("(src|href)=[\"']");
    Matcher data =
        Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>")
            .matcher(html);
    assertThat(data.find()).isTrue();
    JsonNode json = JSON.readTree(data.group(1));
    assertThat(json.at("/heat")).hasSize(8);
    assertThat(json.at("/heat/0")).hasSize(32);
    assertThat(sum(json.at("/timeline/hits"))).isEqualTo(json.at("/residency/hits").asLong());
    assertThat(sum(json.at("/timeline/misses"))).isEqualTo(json.at("/residency/misses").asLong());
    assertThat(sum(json.at("/timeline/rows"))).isEqualTo(json.at("/latency/rows").asLong());
    assertThat(json.at("/lanes/compute")).isNotEmpty();
    assertThat(json.at("/lanes/link")).isNotEmpty();
    assertThat(json.at("/simulation/budgets")).hasSize(2);
  }

  private static long sum(JsonNode numbers) {
    long sum = 0;
    for (JsonNode number : numbers) {
      sum += number.asLong();
    }
    return sum;
  }

  @Test
  void theChromeTraceHasASpanForEveryStepLayerAndLoad() throws IOException {
    Path chrome = directory.resolve("chrome.json");

    Output report =
        drey("report", trace, "--out", directory.resolve("c.html"), "--chrome", chrome, "--json");

    JsonNode metrics = JSON.readTree(report.text());
    Map<String, Integer> spans = new HashMap<>();
    double last = 0;
    for (JsonNode event : JSON.readTree(chrome.toFile()).get("traceEvents")) {
      if (event.get("ph").asText().equals("X")) {
        String kind = event.get("name").asText().replaceAll("[ \\d/].*", "");
        spans.merge(kind, 1, Integer::sum);
        assertThat(event.get("dur").asDouble()).isNotNegative();
        last = Math.max(last, event.get("ts").asDouble() + event.get("dur").asDouble());
      }
    }
    int steps = metrics.at("/latency/steps").asInt();
    assertThat(spans.get("step")).isEqualTo(steps);
    assertThat(spans.get("experts")).isEqualTo(8 * steps);
    assertThat(spans.get("L")).isGreaterThan(metrics.at("/residency/misses").asInt() / 2);
    assertThat(last * 1e3).isLessThanOrEqualTo(metrics.at("/totals/nanos").asDouble() + 1);
  }

  @Test
  void whatIsNoTraceOrNoSimulationOfItIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(trace);
    whole[whole.length / 2] ^= 1;
    Path damaged = Files.write(directory.resolve("damaged"), whole);

    Output simulate = drey("simulate", "--trace", damaged);
    assertThat(simulate.code()).isEqualTo(2);
    assertThat(simulate.problems()).contains("damaged is not a whole trace", "expected", "found");
    assertThat(drey("report", directory.resolve("none")).code()).isEqualTo(2);

    Output policies = drey("simulate", "--trace", trace, "--policies", "best");
    assertThat(policies.code()).isEqualTo(2);
    assertThat(policies.problems()).contains("unknown cache policy 'best'", "classic.lru");
    Output budget = drey("simulate", "--trace", trace, "--budgets", "0.001");
    assertThat(budget.code()).isEqualTo(2);
    assertThat(budget.problems()).contains("is 0 slots; a window needs at least 2");
    assertThat(drey("simulate", "--trace", trace, "--budgets", "1.5").code()).isEqualTo(2);
    assertThat(drey("simulate", "--trace", trace, "--predictions", "psychic").problems())
        .contains("unknown predictions 'psychic'; known are", "history.popularity", "oracle");
    assertThat(drey("simulate", "--trace", trace, "--predictions", "hobbit.stacked-gates"))
        .satisfies(
            refused -> {
              assertThat(refused.code()).isEqualTo(2);
              assertThat(refused.problems()).contains("a trace holds routing alone");
            });
    assertThat(drey("simulate", "--trace", trace, "-Ddrey.compute.threads=1").problems())
        .contains("drey.compute.threads: simulate is set by its flags alone");

    Path other = Files.writeString(directory.resolve("other.json"), "{\"events\": 3}");
    Output report =
        drey("report", trace, "--out", directory.resolve("d.html"), "--simulation", other);
    assertThat(report.code()).isEqualTo(2);
    assertThat(report.problems()).contains("is no simulation of this trace");
    assertThat(directory.resolve("d.html")).doesNotExist();
  }
}
