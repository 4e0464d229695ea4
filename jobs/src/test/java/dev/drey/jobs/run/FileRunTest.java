package dev.drey.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.jobs.EchoPipeline;
import dev.drey.jobs.local.JobFailedException;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.topology.RecordPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FileRunTest {
  private static final ModelIdentity MODEL = new ModelIdentity("echo", "0", 1);
  private static final int LINES = 3000;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private final List<String> notes = new ArrayList<>();
  private final List<LocalDate> days = new ArrayList<>();

  @BeforeEach
  void writeInput() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < LINES; i++) {
      lines.add((i % 100 == 7 ? "bad " : "good ") + i);
    }
    Files.write(directory.resolve("in.jsonl"), lines);
  }

  private RunSummary run(EchoPipeline pipeline, Map<String, String> more) throws Exception {
    return run(pipeline, EngineProbe.BLIND, more);
  }

  private RunSummary run(EchoPipeline pipeline, EngineProbe probe, Map<String, String> more)
      throws Exception {
    Configuration settings = new Configuration();
    settings.setString("drey.model.path", "echo");
    settings.setString("drey.input.path", directory.resolve("in.jsonl").toString());
    settings.setString("drey.output.path", directory.resolve("out").toString());
    settings.setString("drey.pipeline.replicas", "2");
    settings.setString("drey.schedule.step-time", "10 ms");
    settings.setString("execution.checkpointing.interval", "50 ms");
    more.forEach(settings::setString);
    RunRequest request = new RunRequest("generate", settings, false);
    request.validate();
    return new FileRun(request, MODEL, started(pipeline), probe, progress()).run();
  }

  private Function<LocalDate, RecordPipeline> started(RecordPipeline pipeline) {
    return day -> {
      days.add(day);
      return pipeline;
    };
  }

  private Progress progress() {
    return new Progress() {
      @Override
      public void note(String line) {
        notes.add(line);
      }

      @Override
      public void update(Sample sample) {}

      @Override
      public void done() {}
    };
  }

  private void checkOutput(RunSummary summary) throws IOException {
    assertThat(summary.isComplete()).isTrue();
    assertThat(summary.records()).isEqualTo(LINES);
    assertThat(summary.counts().deadLetters()).isEqualTo(LINES / 100);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < LINES; i++) {
      if (i % 100 != 7) {
        expected.add("good " + i);
      }
    }
    assertThat(Files.readAllLines(directory.resolve("out/results.jsonl")))
        .extracting(line -> line.replaceAll(".*\"text\":\"([^\"]*)\".*", "$1"))
        .isEqualTo(expected);
    assertThat(Files.readAllLines(directory.resolve("out/dead-letters.jsonl")))
        .hasSize(LINES / 100);
    try (Stream<Path> left = Files.list(directory.resolve("out"))) {
      assertThat(left.map(p -> p.getFileName().toString()))
          .containsExactlyInAnyOrder("results.jsonl", "dead-letters.jsonl", "manifest.json");
    }
  }

  @Test
  void everyLineHasOneOutcomeInTheOrderOfTheInput() throws Exception {
    RunSummary summary = run(EchoPipeline.PLAIN, Map.of());

    checkOutput(summary);
    assertThat(summary.counts().promptTokens()).isEqualTo(2L * (LINES - LINES / 100));
    assertThat(summary.counts().generatedTokens()).isEqualTo(3L * (LINES - LINES / 100));
    JsonNode manifest =
        new ObjectMapper().readTree(directory.resolve("out/manifest.json").toFile());
    assertThat(manifest.at("/records/in").asLong()).isEqualTo(LINES);
    assertThat(manifest.at("/complete").asBoolean()).isTrue();
  }

  @Test
  void aFailureWithinTheProcessRepeatsAndLosesNothing() throws Exception {
    EchoPipeline pipeline = new EchoPipeline(directory.resolve("failed"), 200, 200);

    RunSummary summary = run(pipeline, Map.of());

    assertThat(directory.resolve("failed")).exists();
    checkOutput(summary);
    assertThat(summary.counts().generatedTokens()).isEqualTo(3L * (LINES - LINES / 100));
  }

  @Test
  void aRunThatFailedForGoodGoesOnWithTheSameCommand() throws Exception {
    EchoPipeline pipeline = new EchoPipeline(directory.resolve("failed"), 200, 200);

    assertThatThrownBy(() -> run(pipeline, Map.of("drey.job.restarts", "0")))
        .isInstanceOf(JobFailedException.class);
    assertThat(directory.resolve("out/results.jsonl")).doesNotExist();
    LocalDate first = LocalDate.of(2026, 1, 31);
    Files.writeString(runFiles("started").get(0), first.toString());
    RunSummary summary = run(pipeline, Map.of("drey.job.restarts", "0"));

    checkOutput(summary);
    assertThat(summary.resumed()).isTrue();
    assertThat(days.get(1)).isEqualTo(first).isNotEqualTo(days.get(0));
    assertThat(notes).anyMatch(note -> note.startsWith("going on from the checkpoint"));
    assertThat(summary.counts().generatedTokens()).isEqualTo(3L * (LINES - LINES / 100));
  }

  @Test
  void aRunThatWasKilledBeforeTheJoinOnlyJoins() throws Exception {
    Path inTheWay = directory.resolve("out/results.jsonl/in-the-way");
    Files.createDirectories(inTheWay);

    assertThatThrownBy(() -> run(EchoPipeline.PLAIN, Map.of())).isInstanceOf(IOException.class);
    Files.delete(inTheWay);
    Files.delete(inTheWay.getParent());
    EchoPipeline never = new EchoPipeline(directory.resolve("failed"), -1, 1_000_000);
    RunSummary summary = run(never, Map.of());

    checkOutput(summary);
    assertThat(notes).contains("the job was done already; joining its parts");
    assertThat(summary.counts().generatedTokens()).isEqualTo(3L * (LINES - LINES / 100));
  }

  @Test
  void aRunThatFailedAfterItsJobWasDoneOnlyJoins() throws Exception {
    EngineProbe leaking =
        new EngineProbe() {
          @Override
          public EngineTotals read(String job) {
            return EngineTotals.NONE;
          }

          @Override
          public long release() {
            throw new IllegalStateException("an engine cannot be closed");
          }
        };

    assertThatThrownBy(() -> run(EchoPipeline.PLAIN, leaking, Map.of()))
        .hasMessage("an engine cannot be closed");
    RunSummary summary = run(EchoPipeline.PLAIN, Map.of());

    checkOutput(summary);
    assertThat(notes).contains("the job was done already; joining its parts");
  }

  @Test
  void aRunWithoutACheckpointToGoOnFromStartsOver() throws Exception {
    EchoPipeline pipeline = new EchoPipeline(directory.resolve("failed"), 200, 200);
    assertThatThrownBy(() -> run(pipeline, Map.of("drey.job.restarts", "0")))
        .isInstanceOf(JobFailedException.class);
    for (Path checkpoint : runFiles("_metadata")) {
      Files.delete(checkpoint);
    }
    Path parts = runFiles("parts").get(0);
    Files.writeString(parts.resolve("left.part"), "R 0 in.jsonl {\"text\":\"old\"}\n");

    RunSummary summary = run(pipeline, Map.of("drey.job.restarts", "0"));

    checkOutput(summary);
    assertThat(summary.resumed()).isFalse();
    assertThat(notes).anyMatch(note -> note.endsWith("starting over"));
  }

  private List<Path> runFiles(String ending) throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("out"))) {
      return files.filter(file -> file.toString().endsWith(ending)).toList();
    }
  }

  @Test
  void settingsThatWouldKeepCheckpointsElsewhereAreRefused() {
    Map<String, String> elsewhere =
        Map.of(
            "execution.checkpointing.storage", "jobmanager",
            "state.checkpoints.dir", directory.resolve("elsewhere").toUri().toString(),
            "execution.checkpointing.externalized-checkpoint-retention", "DELETE_ON_CANCELLATION");

    assertThatThrownBy(() -> run(EchoPipeline.PLAIN, elsewhere))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused ->
                assertThat(refused.problems())
                    .hasSize(3)
                    .allSatisfy(p -> assertThat(p).contains("drey.job.state-dir (--state-dir)"))
                    .anySatisfy(p -> assertThat(p).startsWith("execution.checkpointing.dir: ")));
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void anOutputThatIsAFileIsRefused() throws IOException {
    Files.writeString(directory.resolve("out"), "");

    assertThatThrownBy(() -> run(EchoPipeline.PLAIN, Map.of()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("drey.output.path")
        .hasMessageContaining("is a file");
  }
}
