package dev.drey.operators.records;

import dev.drey.operators.flink.ValueSerializer;
import dev.drey.operators.records.SourceRecord.Header;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * A source record as bytes: key, value, number of headers, headers, source, partition, offset,
 * timestamp, in {@link BinaryFields} encoding.
 */
public final class SourceRecordSerializer extends ValueSerializer<SourceRecord> {
  @Override
  public void serialize(SourceRecord value, DataOutputView target) throws IOException {
    BinaryFields.writeBytes(value.key(), target);
    BinaryFields.writeBytes(value.value(), target);
    target.writeInt(value.headers().size());
    for (Header header : value.headers()) {
      BinaryFields.writeText(header.name(), target);
      BinaryFields.writeBytes(header.value(), target);
    }
    BinaryFields.writeText(value.source(), target);
    target.writeInt(value.partition());
    target.writeLong(value.offset());
    target.writeLong(value.timestamp());
  }

  @Override
  public SourceRecord deserialize(DataInputView source) throws IOException {
    byte[] key = BinaryFields.readBytes(source);
    byte[] value = BinaryFields.readBytes(source);
    int headerCount = source.readInt();
    List<Header> headers = new ArrayList<>(headerCount);
    for (int i = 0; i < headerCount; i++) {
      headers.add(new Header(BinaryFields.readText(source), BinaryFields.readBytes(source)));
    }
    return new SourceRecord(
        key,
        value,
        headers,
        BinaryFields.readText(source),
        source.readInt(),
        source.readLong(),
        source.readLong());
  }

  @Override
  public TypeSerializerSnapshot<SourceRecord> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Written beside state that holds source records. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<SourceRecord> {
    /** Called by Flink when it reads state. */
    public Snapshot() {
      super(SourceRecordSerializer::new);
    }
  }
}
