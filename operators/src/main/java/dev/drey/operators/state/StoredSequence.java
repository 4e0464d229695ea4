package dev.drey.operators.state;

import dev.drey.operators.flink.ValueType;
import dev.drey.operators.records.SourceRecord;
import dev.drey.runtime.schedule.SequenceProgress;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A sequence in a checkpoint: its input record, and how far it is. Keys and values are computed
 * again after a restart.
 *
 * @param record the input, from which the request is read again
 * @param progress tokens decided so far
 */
public record StoredSequence(SourceRecord record, SequenceProgress progress) {
  /** The type, with a serializer of its own. */
  public static final TypeInformation<StoredSequence> TYPE =
      ValueType.of(StoredSequence.class, new StoredSequenceSerializer());
}
