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
import org.apache.kafka.common.header.Header;
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
 * is too large loses its value, then the request's headers, then its key, until it fits. The
 * request can still be found by its topic, partition and offset.
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
    Headers original = originalHeaders(origin);
    Headers reason = reason(origin, errorClass, message, retriable);
    byte @Nullable [] key = origin.key();
    byte @Nullable [] kept = value;
    if (kept != null && isTooLarge(key, kept, original, reason)) {
      noteDropped(reason, "value", kept.length);
      kept = null;
    }
    int originalBytes = bytes(original);
    if (originalBytes > 0 && isTooLarge(key, kept, original, reason)) {
      noteDropped(reason, "headers", originalBytes);
      original = new RecordHeaders();
    }
    if (key != null && isTooLarge(key, kept, original, reason)) {
      noteDropped(reason, "key", key.length);
      key = null;
    }
    return new ProducerRecord<>(deadLetterTopic, null, null, key, kept, joined(original, reason));
  }

  private static Headers reason(
      SourceRecord origin, String errorClass, String message, boolean retriable) {
    Headers headers = new RecordHeaders();
    headers.add(ERRORS + "exception", errorClass.getBytes(UTF_8));
    headers.add(ERRORS + "message", message.getBytes(UTF_8));
    headers.add(ERRORS + "retriable", String.valueOf(retriable).getBytes(UTF_8));
    headers.add(ERRORS + "topic", origin.source().getBytes(UTF_8));
    headers.add(ERRORS + "partition", String.valueOf(origin.partition()).getBytes(UTF_8));
    headers.add(ERRORS + "offset", String.valueOf(origin.offset()).getBytes(UTF_8));
    if (origin.timestamp() != SourceRecord.NO_TIMESTAMP) {
      headers.add(ERRORS + "timestamp", String.valueOf(origin.timestamp()).getBytes(UTF_8));
    }
    return headers;
  }

  private static void noteDropped(Headers reason, String what, int bytes) {
    reason.add(ERRORS + what + "-dropped-bytes", String.valueOf(bytes).getBytes(UTF_8));
  }

  private boolean isTooLarge(
      byte @Nullable [] key, byte @Nullable [] value, Headers original, Headers reason) {
    return RecordSize.upperBound(key, value, joined(original, reason)) > limits.deadLetter();
  }

  private static Headers joined(Headers first, Headers second) {
    Headers all = new RecordHeaders(first);
    second.forEach(all::add);
    return all;
  }

  /** Bytes of the names and values. */
  private static int bytes(Headers headers) {
    int bytes = 0;
    for (Header header : headers) {
      byte @Nullable [] value = header.value();
      bytes += header.key().getBytes(UTF_8).length + (value == null ? 0 : value.length);
    }
    return bytes;
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
