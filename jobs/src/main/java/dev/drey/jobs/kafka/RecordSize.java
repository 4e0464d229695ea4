package dev.drey.jobs.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** How large a record is to a broker. */
final class RecordSize {
  private static final int BATCH_HEADER_BYTES = 61;

  /** Attributes (1) and the longest length, timestamp, offset, key, value and header counts. */
  private static final int RECORD_FIELD_BYTES = 1 + 5 + 10 + 5 + 5 + 5 + 5;

  private static final int HEADER_FIELD_BYTES = 5 + 5;

  private RecordSize() {}

  /**
   * Bytes of a batch that holds this record alone, uncompressed, with every variable-length field
   * at its longest (Kafka's record batch format, version 2).
   */
  static int upperBound(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
    long bytes = (long) BATCH_HEADER_BYTES + RECORD_FIELD_BYTES + length(key) + length(value);
    for (Header header : headers) {
      bytes +=
          HEADER_FIELD_BYTES + header.key().getBytes(UTF_8).length + (long) length(header.value());
    }
    return (int) Math.min(bytes, Integer.MAX_VALUE);
  }

  private static int length(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }
}
