package dev.drey.jobs.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.jobs.EchoPipeline;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.run.EnginePipeline;
import dev.drey.jobs.run.EngineProbe;
import dev.drey.jobs.run.ModelIdentity;
import dev.drey.jobs.run.Progress;
import dev.drey.jobs.run.RunRequest;
import dev.drey.jobs.run.RunSummary;
import dev.drey.jobs.run.TopicRun;
import dev.drey.jobs.topology.RecordPipeline;
import dev.drey.schemas.format.WireFormat;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Preflight and whole jobs against one real broker; every test has topics of its own. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KafkaJobTest {
  private static final int RECORDS = 1500;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @SuppressWarnings("NullAway.Init")
  private Path directory;

  @SuppressWarnings("NullAway.Init")
  private EmbeddedBroker broker;

  private int topics;

  @BeforeAll
  void startBroker(@TempDir Path temporary) throws Exception {
    directory = temporary;
    broker =
        EmbeddedBroker.start(
            directory.resolve("kafka"), Map.of("transaction.max.timeout.ms", "900000"));
  }

  @AfterAll
  void stopBroker() {
    broker.close();
  }

  private DemoTopics newTopics(int partitions) throws Exception {
    String suffix = "-" + topics++;
    DemoTopics made =
        new DemoTopics(broker.bootstrap(), "in" + suffix, "out" + suffix, "dead" + suffix);
    if (partitions > 0) {
      made.create(partitions);
    }
    return made;
  }

  private Configuration settings(DemoTopics of, Map<String, String> more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("drey.model.path", "echo");
    settings.put("drey.kafka.bootstrap-servers", of.bootstrap());
    settings.put("drey.kafka.input-topic", of.input());
    settings.put("drey.kafka.output-topic", of.output());
    settings.put("drey.kafka.dead-letter-topic", of.deadLetters());
    settings.put("drey.kafka.format", "json");
    settings.put("drey.kafka.bounded", "true");
    settings.put("drey.kafka.transaction-timeout", "60 s");
    settings.put("drey.pipeline.replicas", "2");
    settings.put("drey.schedule.step-time", "10 ms");
    settings.put("execution.checkpointing.interval", "100 ms");
    settings.put("drey.job.state-dir", directory.resolve("state").toString());
    settings.putAll(more);
    return Configuration.fromMap(settings);
  }

  private RunSummary run(DemoTopics of, RecordPipeline pipeline, Map<String, String> more)
      throws Exception {
    RunRequest request = new RunRequest("generate", settings(of, more), false);
    request.validate();
    return new TopicRun(
            request,
            new ModelIdentity("echo", "0", 1),
            pipeline,
            EngineProbe.BLIND,
            Progress.SILENT)
        .run(-1);
  }

  private static List<byte[]> values(int count) {
    List<byte[]> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      values.add(i == 3 ? null : ((i % 10 == 5 ? "bad " : "good ") + i).getBytes(UTF_8));
    }
    return values;
  }

  private static void checkOutcomes(
      List<String> identities, Map<String, List<DemoTopics.Read>> read) {
    assertThat(read.keySet()).containsExactlyInAnyOrderElementsOf(identities);
    for (int i = 0; i < identities.size(); i++) {
      int number = i;
      assertThat(read.get(identities.get(i)))
          .as("outcomes of " + identities.get(i))
          .singleElement()
          .satisfies(
              outcome ->
                  assertThat(outcome.deadLetter()).isEqualTo(number == 3 || number % 10 == 5));
    }
  }

  private static DemoTopics.Read only(Map<String, List<DemoTopics.Read>> read, String identity) {
    return read.getOrDefault(identity, List.of()).get(0);
  }

  @Test
  void everyRecordHasOneCommittedOutcomeTombstonesIncluded() throws Exception {
    DemoTopics of = newTopics(2);
    List<String> identities = of.send(values(RECORDS));

    RunSummary summary = run(of, EchoPipeline.PLAIN, Map.of());

    assertThat(summary.counts().outcomes()).isEqualTo(RECORDS);
    Map<String, List<DemoTopics.Read>> read = of.read(RECORDS, PATIENCE);
    checkOutcomes(identities, read);
    assertThat(only(read, identities.get(3)).value()).isNull();
    assertThat(only(read, identities.get(5)).value()).isEqualTo("bad 5".getBytes(UTF_8));
  }

  @Test
  void aJobThatStoppedOverBadRecordsGoesOnWithTheSameCommandAndEnds() throws Exception {
    DemoTopics of = newTopics(1);
    List<byte[]> requests = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      String good = "{\"prompt\": \"Q: What is a heron?\\nA:\", \"max_tokens\": 6}";
      requests.add((i >= 20 ? "bad" : good).getBytes(UTF_8));
    }
    List<String> identities = of.send(requests);
    Map<String, String> model =
        Map.of(
            "drey.model.path", "../examples/sample-qwen3-moe",
            "drey.schedule.max-sequences", "2",
            "drey.pipeline.replicas", "1");
    Map<String, String> strict = new HashMap<>(model);
    strict.put("drey.errors.max-count", "2");

    Assertions.assertThatThrownBy(() -> run(of, engine(of, strict), strict))
        .hasMessageContaining("FAILED");
    RunSummary summary = run(of, engine(of, model), model);

    assertThat(summary.resumed()).isTrue();
    assertThat(summary.counts().results()).isEqualTo(20);
    assertThat(summary.counts().deadLetters()).isEqualTo(4);
    Map<String, List<DemoTopics.Read>> read = of.read(requests.size(), PATIENCE);
    assertThat(read.keySet()).containsExactlyInAnyOrderElementsOf(identities);
    assertThat(read.values()).allSatisfy(outcomes -> assertThat(outcomes).hasSize(1));
  }

  private RecordPipeline engine(DemoTopics of, Map<String, String> more) {
    return EnginePipeline.of(settings(of, more), WireFormat.JSON, true);
  }

  @Test
  void aResultTooLargeForItsTopicDoesNotRestartTheJob() throws Exception {
    DemoTopics of = newTopics(1);
    setMaxMessageBytes(of.output(), 2_000);
    List<String> identities =
        of.send(List.of("good".getBytes(UTF_8), ("good " + "x".repeat(4_000)).getBytes(UTF_8)));

    RunSummary summary =
        run(
            of,
            EchoPipeline.PLAIN,
            Map.of("drey.pipeline.replicas", "1", "drey.job.restarts", "0"));

    assertThat(summary.counts().outcomes()).isEqualTo(2);
    Map<String, List<DemoTopics.Read>> read = of.read(2, PATIENCE);
    assertThat(only(read, identities.get(0)).deadLetter()).isFalse();
    assertThat(only(read, identities.get(1)).deadLetter()).isTrue();
    assertThat(only(read, identities.get(1)).value()).hasSize(4_005);
  }

  private void setMaxMessageBytes(String topic, int bytes) throws Exception {
    org.apache.kafka.common.config.ConfigResource resource =
        new org.apache.kafka.common.config.ConfigResource(
            org.apache.kafka.common.config.ConfigResource.Type.TOPIC, topic);
    org.apache.kafka.clients.admin.AlterConfigOp set =
        new org.apache.kafka.clients.admin.AlterConfigOp(
            new org.apache.kafka.clients.admin.ConfigEntry(
                "max.message.bytes", String.valueOf(bytes)),
            org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      admin.incrementalAlterConfigs(Map.of(resource, List.of(set))).all().get();
    }
  }

  private Findings check(DemoTopics of, Map<String, String> more) {
    return KafkaPreflight.check(settings(of, more), false, null, Clock.systemUTC());
  }

  @Test
  void topicsThatFitRaiseNoProblem() throws Exception {
    Findings findings = check(newTopics(2), Map.of());

    assertThat(findings.problems()).isEmpty();
    assertThat(findings.warnings()).isEmpty();
    assertThat(findings.limits()).isEqualTo(RecordLimits.DEFAULT);
  }

  @Test
  void everythingInTheWayIsReportedAtOnceWithBothNumbers() throws Exception {
    DemoTopics of = newTopics(0);
    new DemoTopics(of.bootstrap(), of.input(), of.input(), of.input()).create(1);

    Findings findings =
        check(
            of,
            Map.of(
                "drey.kafka.transaction-timeout", "1 h",
                "execution.checkpointing.interval", "40 min",
                "drey.pipeline.replicas", "3"));

    assertThat(findings.problems())
        .hasSize(5)
        .anySatisfy(p -> assertThat(p).contains("3600000 ms").contains("2400000 ms"))
        .anySatisfy(p -> assertThat(p).contains("3600000 ms").contains("900000 ms"))
        .anySatisfy(p -> assertThat(p).contains("drey.pipeline.replicas").contains("1 partition"))
        .anySatisfy(p -> assertThat(p).contains(of.output()).contains("does not exist"))
        .anySatisfy(p -> assertThat(p).contains(of.deadLetters()).contains("--create-topics"));
  }

  @Test
  void missingTopicsAreCreatedOnRequestWithTheInputsPartitions() throws Exception {
    DemoTopics of = newTopics(0);
    new DemoTopics(of.bootstrap(), of.input(), of.input(), of.input()).create(3);

    Findings findings = check(of, Map.of("drey.kafka.create-topics", "true"));

    assertThat(findings.problems()).isEmpty();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      for (String topic : List.of(of.output(), of.deadLetters())) {
        assertThat(Topics.describe(admin, topic))
            .hasValueSatisfying(t -> assertThat(t.partitions()).hasSize(3));
      }
    }
  }

  @Test
  void noBrokerIsOneProblemWithTheAddress() {
    DemoTopics nowhere = new DemoTopics("127.0.0.1:1", "in", "out", "dead");

    assertThat(check(nowhere, Map.of("drey.kafka.preflight-timeout", "1 s")).problems())
        .singleElement()
        .asString()
        .contains("127.0.0.1:1")
        .contains("no broker answered within 1 s");
  }

  @Test
  void whatABrokerRefusesIsNamedWithItsOwnError() throws Exception {
    DemoTopics of = newTopics(1);

    Map<String, String> misnamed =
        Map.of(
            "drey.pipeline.replicas", "1",
            "drey.kafka.create-topics", "true",
            "drey.kafka.output-topic", "no topic",
            "drey.kafka.dead-letter-topic", "no topic either");
    assertThat(check(of, misnamed).problems())
        .hasSize(2)
        .allSatisfy(p -> assertThat(p).contains(of.bootstrap(), "InvalidTopicException"))
        .anySatisfy(p -> assertThat(p).contains("describing topic no topic failed"))
        .anySatisfy(p -> assertThat(p).contains("describing topic no topic either failed"));
  }

  @Test
  void aTopicThatCannotBeCreatedIsNamedWithTheBrokersOwnError() throws Exception {
    try (EmbeddedBroker lonely =
        EmbeddedBroker.start(
            directory.resolve("lonely"), Map.of("default.replication.factor", "3"))) {
      DemoTopics of = new DemoTopics(lonely.bootstrap(), "in", "out", "dead");
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", lonely.bootstrap()))) {
        admin.createTopics(List.of(new NewTopic("in", 1, (short) 1))).all().get();
      }

      Map<String, String> create =
          Map.of("drey.pipeline.replicas", "1", "drey.kafka.create-topics", "true");
      assertThat(check(of, create).problems())
          .singleElement()
          .asString()
          .contains("creating topic out with 1 partition(s) failed")
          .contains("InvalidReplicationFactorException");
    }
  }

  @Test
  void aCheckpointOlderThanTheTransactionTimeoutIsNotResumedSilently() throws Exception {
    DemoTopics of = newTopics(2);
    Instant taken = Instant.parse("2026-01-01T00:00:00Z");
    Clock later = Clock.fixed(taken.plusSeconds(61), ZoneOffset.UTC);

    Findings refused = KafkaPreflight.check(settings(of, Map.of()), true, taken, later);
    Findings allowed =
        KafkaPreflight.check(
            settings(of, Map.of("drey.kafka.resume-after-timeout", "true")), true, taken, later);

    assertThat(refused.problems())
        .singleElement()
        .asString()
        .contains("61 s old")
        .contains("= 60 s")
        .contains("--resume-after-timeout");
    assertThat(allowed.problems()).isEmpty();
    assertThat(allowed.warnings()).hasSize(1);
  }

  @Test
  void anOpenTransactionThatHidesInputIsAProblemOfABoundedJobOnly() throws Exception {
    DemoTopics of = newTopics(1);
    Properties properties = new Properties();
    properties.put("bootstrap.servers", broker.bootstrap());
    properties.put("transactional.id", "somebody-" + of.input());
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(of.input(), "hidden")).get();

      Map<String, String> one = Map.of("drey.pipeline.replicas", "1");
      assertThat(check(of, one).problems())
          .singleElement()
          .asString()
          .contains(of.input())
          .contains("partition 0 from offset 0 to 1");
      assertThat(
              check(of, Map.of("drey.pipeline.replicas", "1", "drey.kafka.bounded", "false"))
                  .warnings())
          .singleElement()
          .asString()
          .contains("partition 0 from offset 0 to 1");
      producer.abortTransaction();
    }
  }

  @Test
  void openTransactionsOfTheOwnPrefixAreReported() throws Exception {
    DemoTopics of = newTopics(2);
    Properties properties = new Properties();
    properties.put("bootstrap.servers", broker.bootstrap());
    properties.put("transactional.id", "mine-" + of.input() + "-0");
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(of.output(), "left open")).get();

      assertThat(
              check(of, Map.of("drey.kafka.transactional-id-prefix", "mine-" + of.input()))
                  .warnings())
          .singleElement()
          .asString()
          .contains("1 open transaction(s) begin with mine-" + of.input());
      producer.abortTransaction();
    }
  }

  @Test
  void aStartWithoutStateBehindRecordsThatWereReadBeforeIsReported() throws Exception {
    DemoTopics of = newTopics(2);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      admin
          .alterConsumerGroupOffsets(
              "readers",
              Map.of(
                  new TopicPartition(of.input(), 0), new OffsetAndMetadata(0),
                  new TopicPartition(of.input(), 1), new OffsetAndMetadata(7)))
          .all()
          .get();
    }

    Map<String, String> group = Map.of("drey.kafka.group-id", "readers");
    assertThat(check(of, group).warnings())
        .singleElement()
        .asString()
        .contains("group readers", "partition 1 at offset 7", "drey.kafka.start (--start)")
        .doesNotContain("partition 0");
    assertThat(check(of, Map.of("drey.kafka.group-id", "others")).warnings()).isEmpty();
    Map<String, String> anew =
        Map.of("drey.kafka.group-id", "readers", "drey.kafka.start", "earliest");
    assertThat(check(of, anew).warnings()).isEmpty();
    assertThat(
            KafkaPreflight.check(settings(of, group), true, Instant.now(), Clock.systemUTC())
                .warnings())
        .isEmpty();
  }

  @Test
  void propertiesTheGuaranteesHangOnAreTheJobsOwn() throws Exception {
    DemoTopics of = newTopics(2);

    Assertions.assertThatThrownBy(
            () ->
                new KafkaClients(
                    settings(of, Map.of("drey.kafka.properties.enable.idempotence", "false"))))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("enable.idempotence");
  }
}
