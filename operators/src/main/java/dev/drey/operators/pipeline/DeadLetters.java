package dev.drey.operators.pipeline;

import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.records.SourceRecord.Header;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.RecordHeader;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes dead letters: the original bytes, untouched, and the reason. */
final class DeadLetters {
  private DeadLetters() {}

  /** Bytes that are not a request. */
  static DeadLetter of(SourceRecord record, RecordFormatException cause) {
    return of(
        record,
        cause.customId().orElse(null),
        cause.problem().errorClass(),
        String.valueOf(cause.getMessage()),
        cause.problem() == Problem.UNKNOWN_SCHEMA);
  }

  /** A request that cannot be served. */
  static DeadLetter of(
      SourceRecord record, @Nullable String customId, RefusedRequestException cause) {
    return of(
        record,
        customId,
        cause.problem().errorClass(),
        String.valueOf(cause.getMessage()),
        cause.problem().retriable());
  }

  private static DeadLetter of(
      SourceRecord record,
      @Nullable String customId,
      String errorClass,
      String message,
      boolean retriable) {
    List<RecordHeader> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(new RecordHeader(header.name(), buffer(header.value())));
    }
    DeadLetter letter = new DeadLetter();
    letter.setId(record.identity());
    letter.setCustomId(customId);
    letter.setErrorClass(errorClass);
    letter.setMessage(message);
    letter.setRetriable(retriable);
    letter.setSource(record.source());
    letter.setPartition(record.partition());
    letter.setOffset(record.offset());
    letter.setTimestamp(
        record.timestamp() == SourceRecord.NO_TIMESTAMP ? null : record.timestamp());
    letter.setKey(buffer(record.key()));
    letter.setValue(buffer(record.value()));
    letter.setHeaders(headers);
    return letter;
  }

  private static @Nullable ByteBuffer buffer(byte @Nullable [] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }
}
