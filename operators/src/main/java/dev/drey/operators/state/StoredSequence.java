package dev.drey.operators.state;

import dev.drey.operators.flink.ValueType;
import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.slot.EngineIdentity;
import dev.drey.runtime.schedule.SequenceProgress;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.jspecify.annotations.Nullable;

/**
 * A sequence in a checkpoint: its input record, and how far it is. Keys and values are computed
 * again after a restart.
 *
 * @param record the input, from which the request is read again
 * @param promptDigest of the prompt that the record became, which it must become again; {@link
 *     #UNKNOWN_PROMPT} in state of format version 1
 * @param engine that made the tokens; null in state of format version 1 and 2
 * @param parameters of the request that the record became, which it must become again; null in
 *     state of format version 1 and 2
 * @param progress tokens decided so far
 */
public record StoredSequence(
    SourceRecord record,
    long promptDigest,
    @Nullable EngineIdentity engine,
    @Nullable StoredParameters parameters,
    SequenceProgress progress) {
  /** No digest was stored. */
  public static final long UNKNOWN_PROMPT = 0;

  /** The type, with a serializer of its own. */
  public static final TypeInformation<StoredSequence> TYPE =
      ValueType.of(StoredSequence.class, new StoredSequenceSerializer());
}
