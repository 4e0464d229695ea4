package dev.drey.jobs.options;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.operators.pipeline.PipelineOptions;
import dev.drey.operators.pipeline.RequestLimits;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.schemas.format.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  private static final LocalDate STARTED = LocalDate.of(2026, 1, 31);

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  @Test
  void keysAndFlagsAreUnique() {
    Set<String> names = new HashSet<>();
    for (Setting<?> setting : Settings.all()) {
      assertThat(names.add(setting.key())).as(setting.key()).isTrue();
      if (!setting.flag().isEmpty()) {
        assertThat(names.add(setting.flag())).as(setting.flag()).isTrue();
      }
    }
  }

  @Test
  void theDefaultsAreThoseOfTheEngine() {
    Configuration settings = Configuration.fromMap(Map.of("drey.model.path", "m"));

    assertThat(EngineSettings.engine(settings)).isEqualTo(EngineConfig.defaults(Path.of("m")));
  }

  @Test
  void threadsPerCoreAreCountedWhereTheEngineIsOpened() {
    EngineConfig engine =
        EngineSettings.engine(
            Configuration.fromMap(Map.of("drey.model.path", "m", "drey.compute.threads", "0")));

    assertThat(engine.threads()).isEqualTo(EngineConfig.ONE_PER_CORE);
    assertThat(engine.onThisMachine().threads())
        .isEqualTo(Runtime.getRuntime().availableProcessors());
  }

  @Test
  void everyEngineSettingReachesTheEngine() {
    Configuration settings =
        Configuration.fromMap(
            Map.ofEntries(
                entry("drey.model.path", "m"),
                entry("drey.store.packed", "p"),
                entry("drey.store.direct", "true"),
                entry("drey.device", "reference"),
                entry("drey.compute.type", "f32"),
                entry("drey.compute.threads", "3"),
                entry("drey.memory.device", "1g"),
                entry("drey.memory.kv-tokens", "512"),
                entry("drey.prediction.predictor", "none"),
                entry("drey.transfer.max-bytes-per-second", "1000"),
                entry("drey.schedule.step-time", "100 ms")));

    EngineConfig engine = EngineSettings.engine(settings);

    assertThat(engine.storage()).isEqualTo(new ExpertStorage("p", true));
    assertThat(engine.device()).isEqualTo("reference");
    assertThat(engine.compute()).isEqualTo(ComputeType.F32);
    assertThat(engine.threads()).isEqualTo(3);
    assertThat(engine.deviceMemory()).isEqualTo(MemorySize.ofBytes(1L << 30));
    assertThat(engine.expertMemory()).isNull();
    assertThat(engine.kvTokens()).isEqualTo(512);
    assertThat(engine.predictor()).isEqualTo("none");
    assertThat(engine.transfer().maxBytesPerSecond()).isEqualTo(1000);
    assertThat(engine.schedule().stepNanos()).isEqualTo(100_000_000L);
  }

  @Test
  void theDateAndTheNumberOfTokensReachTheRequests() {
    Configuration settings = Configuration.fromMap(Map.of("drey.model.path", "m"));
    assertThat(pipeline(settings).limits()).isEqualTo(RequestLimits.DEFAULT);
    assertThat(pipeline(settings).time().fixed()).isNull();
    assertThat(pipeline(settings).time().otherwise()).isEqualTo(STARTED.atStartOfDay());
    settings.setString("drey.request.date", "2026-11-22");
    settings.setString("drey.request.default-max-tokens", "9");
    assertThat(pipeline(settings).time().fixed()).isEqualTo(LocalDateTime.of(2026, 11, 22, 0, 0));
    assertThat(pipeline(settings).limits().defaultMaxTokens()).isEqualTo(9);
    settings.setString("drey.request.date", "2026-11-22T09:30");
    assertThat(pipeline(settings).time().fixed()).isEqualTo(LocalDateTime.of(2026, 11, 22, 9, 30));
    assertThat(JobSettings.DATE.check().problem("22.11.2026"))
        .contains("expected a date as 2026-11-22 or 2026-11-22T09:30, found '22.11.2026'");
  }

  private static PipelineOptions pipeline(Configuration settings) {
    SlotEngines none =
        slot -> {
          throw new IllegalStateException("no engine is wanted here");
        };
    return JobSettings.pipeline(settings, none, WireFormat.JSON, false, STARTED);
  }

  @Test
  void aFileMayNestKeysOrDotThem() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("a.yaml"),
            """
            drey:
              model.path: m
              kafka:
                bounded: true
              input:
                path: [a.jsonl, b.jsonl]
            drey.compute.threads: 2
            """);

    assertThat(YamlSettings.read(file))
        .containsExactly(
            Map.entry("drey.model.path", "m"),
            Map.entry("drey.kafka.bounded", "true"),
            Map.entry("drey.input.path", "a.jsonl;b.jsonl"),
            Map.entry("drey.compute.threads", "2"));
    assertThat(FileSettings.INPUT.in(Configuration.fromMap(YamlSettings.read(file))))
        .isEqualTo(List.of("a.jsonl", "b.jsonl"));
  }

  @Test
  void aFileThatSetsAKeyTwiceIsRefused() throws IOException {
    Path file =
        Files.writeString(directory.resolve("a.yaml"), "drey: {device: cpu}\ndrey.device: cpu\n");

    assertThatThrownBy(() -> YamlSettings.read(file))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("drey.device is set twice");
  }

  @Test
  void aFileThatIsNotYamlOrNotThereIsRefusedByName() throws IOException {
    Path bad = Files.writeString(directory.resolve("bad.yaml"), "a: [1");

    assertThatThrownBy(() -> YamlSettings.read(bad))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("bad.yaml: not YAML");
    assertThatThrownBy(() -> YamlSettings.read(directory.resolve("none.yaml")))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("none.yaml: there is no such");
  }

  @Test
  void laterSourcesWinAndForeignClusterSettingsStayOut() {
    Configuration merged =
        new SettingSources()
            .cluster(
                Configuration.fromMap(
                    Map.of("drey.device", "cpu", "drey.job.seed", "1", "rest.port", "8081")))
            .then(Map.of("drey.job.seed", "2"))
            .then(Map.of("drey.job.seed", "3"))
            .merged();

    assertThat(merged.toMap())
        .containsOnly(Map.entry("drey.device", "cpu"), Map.entry("drey.job.seed", "3"));
  }
}
