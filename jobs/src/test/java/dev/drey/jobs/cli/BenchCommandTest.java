package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code drey bench} on a synthetic model small enough for the reference device. */
@Timeout(120)
class BenchCommandTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private final CommandRun cli = new CommandRun();
  private String model = "";

  private int bench(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "--model", model, "--device", "reference"));
    arguments.addAll(
        List.of("--sequences", "2", "--prompt-tokens", "5", "--max-tokens", "3", "--rounds", "1"));
    arguments.addAll(List.of(more));
    return cli.drey(arguments.toArray(String[]::new));
  }

  @BeforeEach
  void writeModel() {
    model = directory.resolve("model").toString();
    int code =
        cli.drey(
            "synth --hidden 32 --layers 2 --experts 8 --top-k 2 --intermediate 32 --heads 2 --kv-heads 1"
                .concat(" --head-dim 16 --vocabulary 512 --device none --out ")
                .concat(model)
                .split(" "));
    assertThat(code).as(cli.err()).isZero();
  }

  @Test
  void benchTakesTheGpuAndTheHostMemoryItIsGiven() {
    assertThat(bench("--host-memory", "50%")).isNotZero();
    assertThat(cli.err()).contains("device is 'reference', which computes in the host's memory");
    assertThat(cli.drey("bench", "--model", model, "--device", "cuda", "--device-index", "99"))
        .isNotZero();
    assertThat(cli.err()).contains("the cuda device cannot be used on this machine");
    assertThat(bench("--device-index", "-1")).isEqualTo(2);
    assertThat(cli.err()).contains("a GPU of index 0 or more, found -1");
  }

  @Test
  void benchMeasuresWhatItWasAskedForAndShowsProgress() throws IOException {
    int code =
        bench("--expert-memory", "100%,50%", "--phase", "decode", "--compute", "f32", "--json");

    assertThat(code).as(cli.err()).isZero();
    assertThat(cli.err()).contains("decode round 1/1, resident");
    JsonNode report = new ObjectMapper().readTree(cli.out());
    assertThat(report.get("identical").asBoolean()).isTrue();
    assertThat(report.get("results")).hasSize(4);
    assertThat(report.at("/results/0/tokens").asInt()).isEqualTo(2 * 3);
    assertThat(report.at("/results/1/slots").asInt()).isEqualTo(8);
    assertThat(report.at("/options/link_bytes_per_second").asLong()).isZero();
  }

  @Test
  void benchMeasuresEveryGroupAndThePlannersChoice() throws IOException {
    int code =
        bench("--group", "auto,1,2", "--expert-memory", "100%", "--phase", "decode", "--json");

    assertThat(code).as(cli.err()).isZero();
    assertThat(cli.err()).contains("group auto with 100.0%: ");
    JsonNode report = new ObjectMapper().readTree(cli.out());
    assertThat(report.get("identical").asBoolean()).isTrue();
    assertThat(report.get("results")).hasSize(3);
    assertThat(report.at("/options/groups")).hasToString("[\"auto\",\"1\",\"2\"]");
    assertThat(report.at("/results/0/group/sequences").asInt()).isEqualTo(1);
    assertThat(report.at("/results/0/tokens").asInt()).isEqualTo(2 * 3);
    assertThat(report.at("/results/2/group/asked").asText()).isEqualTo("auto");
    assertThat(report.at("/results/2/planned_share").asDouble()).isPositive();
  }

  @Test
  void benchTellsWhatEachPartOfThePipelineAdds() throws IOException {
    int code = bench("--ablation", "--expert-memory", "50%", "--phase", "decode", "--json");

    assertThat(code).as(cli.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(cli.out());
    assertThat(report.get("identical").asBoolean()).isTrue();
    assertThat(report.at("/ablations/0/stages").findValuesAsText("name"))
        .containsExactly("50% simple", "50% + groups", "50% + prefetch", "50% + order");
    assertThat(report.at("/ablations/0/stages/3/overlap/gain").asDouble()).isPositive();
  }

  @Test
  void benchPlotsSpeedOverMemoryOnAPageThatLoadsNothing() throws IOException {
    Path page = directory.resolve("bench.html");
    int code =
        bench("--plot", page.toString(), "--expert-memory", "100%,25%,50%", "--phase", "decode");

    assertThat(code).as(cli.err()).isZero();
    assertThat(cli.err()).contains("plot in " + page);
    String html = Files.readString(page, UTF_8);
    assertThat(html).contains("<title>Drey benchmark</title>", "Chart.js v4", "function curves(");
    assertThat(html)
        .doesNotContainPattern("(src|href)=[\"']")
        .doesNotContainPattern("/\\*[A-Z]+\\*/");
    Matcher data =
        Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>")
            .matcher(html);
    assertThat(data.find()).isTrue();
    JsonNode results = new ObjectMapper().readTree(data.group(1)).get("results");
    assertThat(results).hasSize(1 + 2 * 3);
    assertThat(results.at("/1/kind")).isEqualTo(results.at("/4/kind"));
    assertThat(results.at("/1/memory_share").asDouble())
        .isLessThan(results.at("/4/memory_share").asDouble());

    assertThat(bench("--plot", directory.resolve("none/bench.html").toString())).isEqualTo(2);
    assertThat(cli.err()).contains("--plot: expected a file in a directory that exists");
  }

  @Test
  void benchComparesTheJobWithTheBareEngine() throws IOException {
    int code = bench("--flink", "--records", "3", "--expert-memory", "50%", "--json");

    assertThat(code).as(cli.err()).isZero();
    JsonNode comparison = new ObjectMapper().readTree(cli.out()).at("/comparisons/0");
    assertThat(comparison.get("identical").asBoolean()).isTrue();
    assertThat(comparison.get("tokens").asInt()).isEqualTo(3 * (5 + 3 - 1));
    assertThat(comparison.at("/flink/median").asDouble()).isPositive();
    assertThat(comparison.at("/ratio/median").asDouble()).isPositive();
  }

  @Test
  void wrongValuesAndSettingsAreRefused() {
    assertThat(bench("--phase", "warmup")).isEqualTo(2);
    assertThat(cli.err()).contains("unknown phase 'warmup'");
    assertThat(bench("--expert-memory", "lots")).isEqualTo(2);
    assertThat(cli.err()).contains("not a memory size: 'lots'");
    assertThat(bench("--group", "many")).isEqualTo(2);
    assertThat(cli.err()).contains("not a group of sequences: 'many'");
    assertThat(bench("--group", "3")).isEqualTo(2);
    assertThat(cli.err()).contains("as many sequences as a round has (2), found 3");
    assertThat(bench("--group", "auto", "--flink")).isEqualTo(2);
    assertThat(cli.err()).contains("--flink: expected groups of a number of sequences");
    assertThat(bench("--ablation", "--group", "auto")).isEqualTo(2);
    assertThat(cli.err()).contains("at least 2, for an ablation, found [auto]");
    assertThat(bench("--ablation", "--flink")).isEqualTo(2);
    assertThat(cli.err()).contains("--ablation: expected without --flink");
    assertThat(bench("--compute", "fp4")).isEqualTo(2);
    assertThat(bench("-Ddrey.compute.threads=2")).isEqualTo(2);
    assertThat(cli.err()).contains("drey.compute.threads: bench is set by its flags alone");
  }
}
