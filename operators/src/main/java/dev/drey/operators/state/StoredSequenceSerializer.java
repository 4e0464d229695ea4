package dev.drey.operators.state;

import dev.drey.operators.flink.ValueSerializer;
import dev.drey.operators.records.BinaryFields;
import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.records.SourceRecordSerializer;
import dev.drey.runtime.schedule.SequenceProgress;
import dev.drey.runtime.schedule.TokenCounters;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * A stored sequence as bytes. Version 3: the version (int), the source record, the prompt's digest
 * (long, absent in version 1), whether the engine is known (byte) and its identity, whether the
 * parameters are known (byte), most tokens (int), seed and digest of the others (long) (all these
 * absent in version 2), output ids, log-probabilities, ids and log-probabilities of the
 * alternatives (each an int count and that many four-byte values), greedy (byte), computed tokens
 * (int), the four counters (long).
 *
 * <p>Every value carries the version, so that a later format can read what this one wrote.
 */
public final class StoredSequenceSerializer extends ValueSerializer<StoredSequence> {
  private static final int VERSION = 3;
  private static final int WITHOUT_ORIGIN = 2;
  private static final int WITHOUT_DIGEST = 1;
  private static final SourceRecordSerializer RECORDS = new SourceRecordSerializer();
  private static final EngineIdentitySerializer ENGINES = new EngineIdentitySerializer();

  @Override
  public void serialize(StoredSequence value, DataOutputView target) throws IOException {
    target.writeInt(VERSION);
    RECORDS.serialize(value.record(), target);
    target.writeLong(value.promptDigest());
    target.writeBoolean(value.engine() != null);
    if (value.engine() != null) {
      ENGINES.serialize(value.engine(), target);
    }
    StoredParameters parameters = value.parameters();
    target.writeBoolean(parameters != null);
    if (parameters != null) {
      target.writeInt(parameters.maxTokens());
      target.writeLong(parameters.seed());
      target.writeLong(parameters.others());
    }
    SequenceProgress progress = value.progress();
    BinaryFields.writeInts(progress.outputIds(), target);
    BinaryFields.writeFloats(progress.logprobs(), target);
    BinaryFields.writeInts(progress.topIds(), target);
    BinaryFields.writeFloats(progress.topLogprobs(), target);
    target.writeBoolean(progress.greedy());
    target.writeInt(progress.computedTokens());
    TokenCounters counters = progress.counters();
    target.writeLong(counters.prefilled());
    target.writeLong(counters.generated());
    target.writeLong(counters.rePrefilled());
    target.writeLong(counters.recomputed());
  }

  @Override
  public StoredSequence deserialize(DataInputView source) throws IOException {
    int version = source.readInt();
    if (version < WITHOUT_DIGEST || version > VERSION) {
      throw new IOException(
          "stored sequence: expected format version %d to %d, found %d; restore with the software that"
                  .formatted(WITHOUT_DIGEST, VERSION, version)
              + " wrote it");
    }
    SourceRecord record = RECORDS.deserialize(source);
    return new StoredSequence(
        record,
        version == WITHOUT_DIGEST ? StoredSequence.UNKNOWN_PROMPT : source.readLong(),
        version > WITHOUT_ORIGIN && source.readBoolean() ? ENGINES.deserialize(source) : null,
        version > WITHOUT_ORIGIN && source.readBoolean() ? readParameters(source) : null,
        new SequenceProgress(
            BinaryFields.readInts(source),
            BinaryFields.readFloats(source),
            BinaryFields.readInts(source),
            BinaryFields.readFloats(source),
            source.readBoolean(),
            source.readInt(),
            new TokenCounters(
                source.readLong(), source.readLong(), source.readLong(), source.readLong())));
  }

  private static StoredParameters readParameters(DataInputView source) throws IOException {
    return new StoredParameters(source.readInt(), source.readLong(), source.readLong());
  }

  @Override
  public TypeSerializerSnapshot<StoredSequence> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Written beside state that holds sequences. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<StoredSequence> {
    /** Called by Flink when it reads state. */
    public Snapshot() {
      super(StoredSequenceSerializer::new);
    }
  }
}
