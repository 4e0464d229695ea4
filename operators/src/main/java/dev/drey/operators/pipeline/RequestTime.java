package dev.drey.operators.pipeline;

import dev.drey.operators.records.SourceRecord;
import java.io.Serializable;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * The time that chat templates are told when they ask for it. It is part of the prompt, so it must
 * be the same however often a record is read: never the clock's.
 *
 * @param fixed the same for all records; null for each record's own time
 * @param otherwise for records that have none, such as lines of files
 */
public record RequestTime(@Nullable LocalDateTime fixed, LocalDateTime otherwise)
    implements Serializable {
  /** The time of a record, in UTC. */
  LocalDateTime of(SourceRecord record) {
    if (fixed != null) {
      return fixed;
    }
    return record.timestamp() == SourceRecord.NO_TIMESTAMP
        ? otherwise
        : LocalDateTime.ofEpochSecond(
            Math.floorDiv(record.timestamp(), 1000L),
            1_000_000 * Math.floorMod(record.timestamp(), 1000),
            ZoneOffset.UTC);
  }
}
