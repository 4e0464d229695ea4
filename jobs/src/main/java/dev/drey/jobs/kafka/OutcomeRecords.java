package dev.drey.jobs.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.SourceRecord;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.format.WireFormat;
import dev.drey.schemas.serde.RecordCodec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Turns outcomes into records of the two output topics.
 *
 * <p>A result keeps the request's key and headers and gets headers that begin with {@code drey.}. A
 * dead letter is the request as it was, key, value and headers, with the reason in headers that
 * begin with {@value #ERRORS}: sending it again after a fix repeats the request. Such headers from
 * an earlier round are replaced.
 *
 * <p>A record that its topic would refuse must not reach the producer, where it would fail the task
 * again after every restart: a result that is too large becomes a dead letter, a dead letter that
 * is too large loses its value.
 */
final class OutcomeRecords
    implements KafkaRecordSerializationSchema<Outcome>, KafkaDatasetFacetProvider {
  private static final long serialVersionUID = 1L;

  /** What the names of headers begin with that say why a record is a dead letter. */
  static final String ERRORS = "__drey.errors.";

  /** Error class of a result its topic does not take. */
  static final String RESULT_TOO_LARGE = "result_too_large";

  private static final String OWN = "drey.";

  private final String outputTopic;
  private final String deadLetterTopic;
  private final WireFormat format;
  private final RecordLimits limits;
  private transient @Nullable RecordCodec<InferenceResult> codec;

  OutcomeRecords(
      String outputTopic, String deadLetterTopic, WireFormat format, RecordLimits limits) {
    this.outputTopic = outputTopic;
    this.deadLetterTopic = deadLetterTopic;
    this.format = format;
    this.limits = limits;
  }

  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    return Optional.of(
        new DefaultKafkaDatasetFacet(
            DefaultKafkaDatasetIdentifier.ofTopics(List.of(outputTopic, deadLetterTopic))));
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      Outcome outcome, KafkaSinkContext context, @Nullable Long timestamp) {
    InferenceResult result = outcome.result();
    DeadLetter letter = outcome.deadLetter();
    if (result != null) {
      return result(outcome.origin(), result);
    }
    if (letter != null) {
      return deadLetter(
          outcome.origin(),
          bytes(letter.getValue()),
          letter.getErrorClass(),
          letter.getMessage(),
          letter.getRetriable());
    }
    throw new IllegalStateException(outcome + " is neither result nor dead letter");
  }

  private ProducerRecord<byte[], byte[]> result(SourceRecord origin, InferenceResult result) {
    byte[] value = codec().encode(result);
    Headers headers = originalHeaders(origin);
    headers.add(OWN + "id", result.getId().getBytes(UTF_8));
    headers.add(OWN + "model", result.getModel().getBytes(UTF_8));
    headers.add(OWN + "model.sha256", result.getModelDigest().getBytes(UTF_8));
    int size = RecordSize.upperBound(origin.key(), value, headers);
    if (size > limits.result()) {
      return deadLetter(
          origin,
          origin.value(),
          RESULT_TOO_LARGE,
          ("the result would be a record of up to %d bytes, topic %s takes %d (smaller of its"
                  + " max.message.bytes and the producer's max.request.size); raise them, or ask"
                  + " for fewer tokens or log-probabilities")
              .formatted(size, outputTopic, limits.result()),
          false);
    }
    return new ProducerRecord<>(outputTopic, null, null, origin.key(), value, headers);
  }

  private RecordCodec<InferenceResult> codec() {
    RecordCodec<InferenceResult> open = codec;
    if (open == null) {
      open = format.results(WireFormat.DEFAULT_MAX_BYTES);
      codec = open;
    }
    return open;
  }

  private ProducerRecord<byte[], byte[]> deadLetter(
      SourceRecord origin,
      byte @Nullable [] value,
      String errorClass,
      String message,
      boolean retriable) {
    Headers headers = originalHeaders(origin);
    headers.add(ERRORS + "exception", errorClass.getBytes(UTF_8));
    headers.add(ERRORS + "message", message.getBytes(UTF_8));
    headers.add(ERRORS + "retriable", String.valueOf(retriable).getBytes(UTF_8));
    headers.add(ERRORS + "topic", origin.source().getBytes(UTF_8));
    headers.add(ERRORS + "partition", String.valueOf(origin.partition()).getBytes(UTF_8));
    headers.add(ERRORS + "offset", String.valueOf(origin.offset()).getBytes(UTF_8));
    if (origin.timestamp() != SourceRecord.NO_TIMESTAMP) {
      headers.add(ERRORS + "timestamp", String.valueOf(origin.timestamp()).getBytes(UTF_8));
    }
    byte[] kept = value;
    if (value != null
        && RecordSize.upperBound(origin.key(), value, headers) > limits.deadLetter()) {
      headers.add(ERRORS + "value-dropped-bytes", String.valueOf(value.length).getBytes(UTF_8));
      kept = null;
    }
    return new ProducerRecord<>(deadLetterTopic, null, null, origin.key(), kept, headers);
  }

  private static Headers originalHeaders(SourceRecord origin) {
    Headers headers = new RecordHeaders();
    for (SourceRecord.Header header : origin.headers()) {
      if (!header.name().startsWith(ERRORS) && !header.name().startsWith(OWN)) {
        headers.add(header.name(), header.value());
      }
    }
    return headers;
  }

  private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
