package dev.drey.operators.state;

import dev.drey.operators.flink.ValueSerializer;
import dev.drey.operators.records.BinaryFields;
import dev.drey.operators.slot.EngineIdentity;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** An engine's identity as bytes. Version 1: the version (int) and the four texts. */
public final class EngineIdentitySerializer extends ValueSerializer<EngineIdentity> {
  private static final int VERSION = 1;

  @Override
  public void serialize(EngineIdentity value, DataOutputView target) throws IOException {
    target.writeInt(VERSION);
    BinaryFields.writeText(value.model(), target);
    BinaryFields.writeText(value.modelDigest(), target);
    BinaryFields.writeText(value.computeType(), target);
    BinaryFields.writeText(value.numericFingerprint(), target);
  }

  @Override
  public EngineIdentity deserialize(DataInputView source) throws IOException {
    int version = source.readInt();
    if (version != VERSION) {
      throw new IOException(
          "stored engine identity: expected format version %d, found %d; restore with the software"
                  .formatted(VERSION, version)
              + " that wrote it");
    }
    return new EngineIdentity(
        BinaryFields.readText(source),
        BinaryFields.readText(source),
        BinaryFields.readText(source),
        BinaryFields.readText(source));
  }

  @Override
  public TypeSerializerSnapshot<EngineIdentity> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Written beside the state. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<EngineIdentity> {
    /** Called by Flink when it reads state. */
    public Snapshot() {
      super(EngineIdentitySerializer::new);
    }
  }
}
