package dev.drey.jobs.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.jobs.EchoPipeline;
import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.SourceRecord;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.format.WireFormat;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;

class OutcomeRecordsTest {
  private static final SourceRecord GOOD = record("k", "good one");
  private static final SourceRecord BAD = record("k", "bad one");

  private static SourceRecord record(String key, String value) {
    return new SourceRecord(
        key.getBytes(UTF_8),
        value.getBytes(UTF_8),
        List.of(
            new SourceRecord.Header("traceparent", "00-1".getBytes(UTF_8)),
            new SourceRecord.Header(OutcomeRecords.ERRORS + "message", "old".getBytes(UTF_8))),
        "in",
        3,
        42,
        1_000);
  }

  private static ProducerRecord<byte[], byte[]> serialize(Outcome outcome, RecordLimits limits) {
    return new OutcomeRecords("out", "dead", WireFormat.JSON, limits)
        .serialize(outcome, new NoContext(), null);
  }

  private static List<String> headers(ProducerRecord<byte[], byte[]> record) {
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(header.key() + "=" + new String(header.value(), UTF_8));
    }
    return headers;
  }

  @Test
  void aResultKeepsKeyAndHeadersAndSaysWhatItAnswers() throws Exception {
    ProducerRecord<byte[], byte[]> record =
        serialize(EchoPipeline.answer(GOOD), RecordLimits.DEFAULT);

    assertThat(record.topic()).isEqualTo("out");
    assertThat(record.key()).isEqualTo("k".getBytes(UTF_8));
    assertThat(headers(record))
        .containsExactly(
            "traceparent=00-1", "drey.id=in-3-42", "drey.model=echo", "drey.model.sha256=0");
    InferenceResult result =
        WireFormat.JSON.results(WireFormat.DEFAULT_MAX_BYTES).decode(record.value());
    assertThat(result.getText()).isEqualTo("good one");
  }

  @Test
  void aDeadLetterIsTheRequestAsItWasWithTheReasonInHeaders() {
    ProducerRecord<byte[], byte[]> record =
        serialize(EchoPipeline.answer(BAD), RecordLimits.DEFAULT);

    assertThat(record.topic()).isEqualTo("dead");
    assertThat(record.key()).isEqualTo("k".getBytes(UTF_8));
    assertThat(record.value()).isEqualTo("bad one".getBytes(UTF_8));
    assertThat(headers(record))
        .containsExactly(
            "traceparent=00-1",
            "__drey.errors.exception=bad_record",
            "__drey.errors.message=it begins with bad",
            "__drey.errors.retriable=false",
            "__drey.errors.topic=in",
            "__drey.errors.partition=3",
            "__drey.errors.offset=42",
            "__drey.errors.timestamp=1000");
  }

  @Test
  void aResultItsTopicWouldRefuseBecomesADeadLetterWithTheOriginalBytes() {
    ProducerRecord<byte[], byte[]> record =
        serialize(EchoPipeline.answer(GOOD), new RecordLimits(200, 1_000));

    assertThat(record.topic()).isEqualTo("dead");
    assertThat(record.value()).isEqualTo("good one".getBytes(UTF_8));
    assertThat(headers(record))
        .contains("__drey.errors.exception=" + OutcomeRecords.RESULT_TOO_LARGE)
        .anyMatch(h -> h.startsWith("__drey.errors.message=") && h.contains("takes 200"));
  }

  @Test
  void aDeadLetterItsTopicWouldRefuseLosesItsValueButNotItsPlace() {
    ProducerRecord<byte[], byte[]> record =
        serialize(
            EchoPipeline.answer(record("k", "bad " + "x".repeat(5_000))),
            new RecordLimits(1_000, 1_000));

    assertThat(record.value()).isNull();
    assertThat(headers(record))
        .contains("__drey.errors.value-dropped-bytes=5004", "__drey.errors.offset=42");
  }

  private static int size(ProducerRecord<byte[], byte[]> record) {
    return RecordSize.upperBound(record.key(), record.value(), record.headers());
  }

  @Test
  void aDeadLetterWithHeadersItsTopicWouldRefuseLosesThemAfterItsValue() {
    SourceRecord origin =
        new SourceRecord(
            "k".getBytes(UTF_8),
            "bad one".getBytes(UTF_8),
            List.of(
                new SourceRecord.Header("baggage", "x".repeat(990).getBytes(UTF_8)),
                new SourceRecord.Header("empty", null)),
            "in",
            3,
            42,
            1_000);

    ProducerRecord<byte[], byte[]> record =
        serialize(EchoPipeline.answer(origin), new RecordLimits(1_000, 1_000));

    assertThat(size(record)).isLessThanOrEqualTo(1_000);
    assertThat(record.key()).isEqualTo("k".getBytes(UTF_8));
    assertThat(record.value()).isNull();
    assertThat(headers(record))
        .contains(
            "__drey.errors.value-dropped-bytes=7",
            "__drey.errors.headers-dropped-bytes=1002",
            "__drey.errors.offset=42")
        .noneMatch(header -> header.startsWith("baggage") || header.contains("key-dropped"));
  }

  @Test
  void aDeadLetterWithAKeyItsTopicWouldRefuseLosesItInTheEnd() {
    ProducerRecord<byte[], byte[]> record =
        serialize(
            EchoPipeline.answer(record("x".repeat(990), "bad one")),
            new RecordLimits(1_000, 1_000));

    assertThat(size(record)).isLessThanOrEqualTo(1_000);
    assertThat(record.key()).isNull();
    assertThat(headers(record))
        .contains(
            "__drey.errors.value-dropped-bytes=7",
            "__drey.errors.headers-dropped-bytes=15",
            "__drey.errors.key-dropped-bytes=990",
            "__drey.errors.exception=bad_record",
            "__drey.errors.topic=in",
            "__drey.errors.partition=3",
            "__drey.errors.offset=42");
  }

  /** Nobody asks it. */
  private static final class NoContext
      implements org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema
          .KafkaSinkContext {
    @Override
    public int getParallelInstanceId() {
      return 0;
    }

    @Override
    public int getNumberOfParallelInstances() {
      return 1;
    }

    @Override
    public int[] getPartitionsForTopic(String topic) {
      return new int[] {0};
    }
  }
}
