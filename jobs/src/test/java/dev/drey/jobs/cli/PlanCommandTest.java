package dev.drey.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code drey plan} for the sample model, on the reference device. */
@Timeout(120)
class PlanCommandTest {
  private static final String MODEL = "../examples/sample-qwen3-moe";

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private final CommandRun cli = new CommandRun();

  private int plan(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("plan", "--model", MODEL, "--device", "reference"));
    arguments.addAll(List.of("--measurements", directory.toString()));
    arguments.addAll(List.of("--prompt-tokens", "40", "--records", "5000"));
    arguments.addAll(List.of(more));
    return cli.drey(arguments.toArray(String[]::new));
  }

  @Test
  void aPlanSaysHowTheBudgetIsSplitAndWhatItGives() throws IOException {
    assertThat(plan("--device-memory", "50%", "--max-tokens", "20")).as(cli.err()).isZero();
    assertThat(cli.out())
        .contains("prompts of 40 tokens, 20 tokens generated", "dense weights", "keys and values")
        .contains("(7) all experts behind the whole layer", "floors", "tokens/s computed")
        .contains("5,000 records in", "one GiB more");
    try (Stream<Path> kept = Files.list(directory)) {
      assertThat(kept).hasSize(1);
    }

    assertThat(plan("--device-memory", "50%", "--json")).isZero();
    JsonNode json = new ObjectMapper().readTree(cli.out());
    JsonNode bytes = json.get("plan").get("device_bytes");
    assertThat(bytes.get("total").asLong())
        .isPositive()
        .isLessThanOrEqualTo(json.get("budget_bytes").asLong());
    long sum = 0;
    for (JsonNode part : bytes) {
      sum += part.asLong();
    }
    assertThat(sum).isEqualTo(2 * bytes.get("total").asLong());
    assertThat(json.get("plan").get("sequences").asInt()).isPositive();
    assertThat(json.get("plan").get("hours").asDouble()).isPositive();
    assertThat(json.get("with_one_gib_more").get("expert_slots").asInt()).isEqualTo(256);
    assertThat(json.get("overlap")).hasSize(3);
  }

  @Test
  void aBudgetBelowTheLeastIsRefusedWithTheNumberThatWouldDo() throws IOException {
    assertThat(plan("--device-memory", "1m")).isEqualTo(ExitCode.REFUSED);
    assertThat(cli.err()).contains("the smallest that works is");
    String least = cli.err().replaceAll("(?s).*smallest that works is (\\d+) bytes.*", "$1");

    assertThat(plan("--device-memory", least)).as(cli.err()).isZero();
    assertThat(plan("--device-memory", String.valueOf(Long.parseLong(least) - 1)))
        .isEqualTo(ExitCode.REFUSED);
  }

  @Test
  void whatIsMissingOrMakesNoSenseIsRefused() {
    assertThat(plan()).isEqualTo(ExitCode.REFUSED);
    assertThat(cli.err()).contains("--device-memory");
    assertThat(plan("--device-memory", "50%", "--skew", "-1")).isEqualTo(ExitCode.REFUSED);
    assertThat(cli.err()).contains("--skew");
    assertThat(plan("--device-memory", "50%", "-D", "drey.plan.max-tokens=0"))
        .isEqualTo(ExitCode.REFUSED);
    assertThat(cli.err()).contains("drey.plan.max-tokens");
  }

  @Test
  void whatThePlannerChoosesCannotBeSetBesideIt() {
    assertThat(
            cli.drey(
                "generate",
                "--model",
                MODEL,
                "--input",
                "in",
                "--output",
                "out",
                "--group",
                "auto",
                "--max-sequences",
                "8"))
        .isEqualTo(ExitCode.REFUSED);
    assertThat(cli.err())
        .contains("auto splits drey.memory.device (--device-memory), which is not set")
        .contains("drey.schedule.max-sequences (--max-sequences): is chosen by the planner");
  }
}
