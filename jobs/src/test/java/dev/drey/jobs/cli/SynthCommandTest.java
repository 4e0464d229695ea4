package dev.drey.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.runtime.Devices;
import dev.drey.runtime.synth.SyntheticFamily;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code drey synth} with dimensions small enough for the reference device. */
@Timeout(120)
class SynthCommandTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private final CommandRun cli = new CommandRun();

  private int synth(String name, String device, String topK, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("synth", "--out", directory.resolve(name).toString()));
    arguments.addAll(List.of("--hidden", "64", "--layers", "2", "--experts", "8", "--top-k", topK));
    arguments.addAll(List.of("--intermediate", "16", "--heads", "4", "--head-dim", "16"));
    arguments.addAll(List.of("--vocabulary", "512", "--device", device));
    arguments.addAll(List.of(more));
    return cli.drey(arguments.toArray(String[]::new));
  }

  @Test
  void itSaysWhatItWroteAndHowTheRoutersChoose() {
    assertThat(synth("model", "reference", "2", "--skew", "1")).as(cli.err()).isZero();
    assertThat(cli.out())
        .contains("model: 16 experts of 6.0 KiB", "3 weight files")
        .contains("routing of 16 prompts of 128 tokens, mean of 2 layers")
        .contains("Zipf exponent of the popularity", "the prompt's own", "by this layer's");
  }

  @Test
  void whatIsAskedForIsInTheFiguresOfEveryLayer() throws IOException {
    assertThat(synth("plain", "reference", "2", "--json")).as(cli.err()).isZero();
    JsonNode plain = new ObjectMapper().readTree(cli.out()).get("routing");
    assertThat(synth("skewed", "reference", "2", "--skew", "1.5", "--json")).as(cli.err()).isZero();
    JsonNode skewed = new ObjectMapper().readTree(cli.out()).get("routing");

    assertThat(skewed.get("layers")).hasSize(2);
    assertThat(skewed.get("zipf_exponent").asDouble())
        .isGreaterThan(plain.get("zipf_exponent").asDouble() + 0.3);
    assertThat(skewed.at("/layers/1/on_popular_quarter").asDouble())
        .isGreaterThan(plain.at("/layers/1/on_popular_quarter").asDouble());
  }

  @Test
  void everyFamilyIsWrittenByItsName() {
    for (String family : SyntheticFamily.labels()) {
      assertThat(synth(family, "none", "2", "--family", family)).as(cli.err()).isZero();
      assertThat(cli.out()).contains("experts of 6.0 KiB").doesNotContain("routing");
      String model = directory.resolve(family).toString();
      assertThat(cli.drey("inspect", "--model", model)).isZero();
      assertThat(cli.out()).contains(family);
    }
  }

  @Test
  void whatIsThereIsLeftAloneAndWhatCannotBeIsRefused() {
    assertThat(synth("model", "none", "2")).isZero();
    assertThat(synth("model", "none", "2")).isEqualTo(2);
    assertThat(cli.err()).contains("--out: ", " is not empty");

    assertThat(synth("other", "none", "65")).isEqualTo(2);
    assertThat(cli.err()).contains("from 1 to 8, not 65");
    assertThat(synth("other", "none", "2", "--family", "gpt2")).isEqualTo(2);
    assertThat(cli.err()).contains("unknown family 'gpt2'; there are [qwen3_moe");
    assertThat(synth("other", "none", "2", "--locality", "0.5")).isEqualTo(2);
    assertThat(cli.err()).contains("locality 0.5 needs topics");
    assertThat(synth("other", "tpu", "2")).isEqualTo(2);
    assertThat(cli.err()).contains("--device: expected cpu, cuda, reference or none");
    assertThat(directory.resolve("other")).doesNotExist();
  }

  @Test
  void aDeviceThatCannotBeUsedHereIsRefusedBeforeAnythingIsWritten() {
    assumeFalse(Devices.choose(0).name().equals("cuda"), "this machine has a GPU");

    assertThat(synth("model", "cuda", "2")).isEqualTo(2);

    assertThat(cli.err())
        .contains("--device: cuda cannot measure the routing here: ", "--device none");
    assertThat(directory.resolve("model")).doesNotExist();
  }
}
