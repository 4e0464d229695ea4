package dev.drey.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.jobs.files.IncompleteRunException;
import dev.drey.jobs.files.InputFiles;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.options.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DetachedJoinTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path output;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path elsewhere;

  private static final LocalDate DAY = LocalDate.of(2026, 1, 31);

  private PartsFolder parts = new PartsFolder(Path.of(""));

  /** What a job over an input of three lines leaves beside its parts. */
  @BeforeEach
  void submit() throws IOException {
    Path input = Files.writeString(elsewhere.resolve("in.jsonl"), "a\nb\nc\n");
    Configuration settings = new Configuration();
    settings.setString("drey.model.path", "/models/echo");
    settings.setString("drey.kafka.properties.sasl.jaas.config", "secret");
    parts = PartsFolder.in(output);
    parts.prepare(false, false);
    SubmittedRun.of(
            new RunRequest("generate", settings, false),
            InputFiles.resolve(List.of(input.toString())),
            DAY)
        .write(parts);
  }

  private void part(String name, String... lines) throws IOException {
    Files.writeString(parts.path().resolve(name), String.join("\n", lines) + "\n");
  }

  @Test
  void aRestoredRunStillKnowsTheDayOfItsFirstStart() throws IOException {
    assertThat(SubmittedRun.started(parts)).hasValue(DAY);
    assertThat(SubmittedRun.started(PartsFolder.in(elsewhere))).isEmpty();
  }

  @Test
  void theOutputOfADetachedRunIsJoinedFromWhatItLeft() throws IOException {
    part("1.part", "R 2 in.jsonl {\"text\":\"c\"}", "D 1 in.jsonl {\"message\":\"b\"}");
    part("2.part", "R 0 in.jsonl {\"text\":\"a\"}");
    part(".3.part.inprogress", "R 0 in.jsonl {\"text\":\"never committed\"}");

    assertThat(DetachedJoin.join(output)).isEqualTo(new ResultJoin.Counts(3, 2, 1));

    assertThat(output.resolve("results.jsonl")).hasContent("{\"text\":\"a\"}\n{\"text\":\"c\"}\n");
    assertThat(output.resolve("dead-letters.jsonl")).hasContent("{\"message\":\"b\"}\n");
    assertThat(parts.path()).doesNotExist();
    JsonNode manifest = new ObjectMapper().readTree(output.resolve("manifest.json").toFile());
    assertThat(manifest.at("/command").asText()).isEqualTo("generate");
    assertThat(manifest.at("/model").asText()).isEqualTo("echo");
    assertThat(manifest.at("/records/in").asInt()).isEqualTo(3);
    assertThat(manifest.toString()).doesNotContain("secret");
  }

  @Test
  void aJoinThatComesTooEarlySaysWhatIsMissingAndLeavesEverything() throws IOException {
    part("1.part", "R 2 in.jsonl {}");

    assertThatThrownBy(() -> DetachedJoin.join(output))
        .isInstanceOf(IncompleteRunException.class)
        .hasMessageContaining("2 of 3 lines of in.jsonl have no outcome");
    assertThat(output.resolve("results.jsonl")).doesNotExist();

    part("2.part", "R 0 in.jsonl {}", "R 1 in.jsonl {}");
    assertThat(DetachedJoin.join(output).results()).isEqualTo(3);
  }

  @Test
  void whereNoRunHasLeftAnythingAJoinIsRefused() throws IOException {
    parts.delete();

    assertThatThrownBy(() -> DetachedJoin.join(output))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(output.resolve(".drey-parts").toString());
  }

  @Test
  void outcomesOfAnEarlierRunAreNeitherMixedWithOthersNorLost() throws IOException {
    parts.prepare(false, false);
    part("1.part", "R 0 in.jsonl {}");

    assertThatThrownBy(() -> parts.prepare(false, false))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--fresh")
        .hasMessageContaining("drey join");
    parts.prepare(false, true);
    assertThat(parts.path().resolve("1.part")).exists();
    parts.prepare(true, false);
    assertThat(parts.path()).isEmptyDirectory();
  }
}
