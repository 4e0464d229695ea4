package dev.drey.operators.flink;

import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The serializer of what must never leave its chain: every copy and every byte is refused. With
 * object reuse a chained hand-over calls neither, so a call means that the chain was cut or object
 * reuse switched off.
 */
final class ChainOnlySerializer<T> extends TypeSerializer<T> {
  private final Class<T> type;

  ChainOnlySerializer(Class<T> type) {
    this.type = type;
  }

  private UnsupportedOperationException refused(String what) {
    return new UnsupportedOperationException(
        ("%s of %s refused: it may only be handed on inside one chain with pipeline.object-reuse:"
                + " true; keep source, head, stages and sampler in one task")
            .formatted(what, type.getSimpleName()));
  }

  @Override
  public boolean isImmutableType() {
    return false;
  }

  @Override
  public TypeSerializer<T> duplicate() {
    return this;
  }

  @Override
  public T createInstance() {
    throw refused("instance");
  }

  @Override
  public T copy(T from) {
    throw refused("copy");
  }

  @Override
  public T copy(T from, T reuse) {
    throw refused("copy");
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(T value, DataOutputView target) {
    throw refused("serialization");
  }

  @Override
  public T deserialize(DataInputView source) {
    throw refused("deserialization");
  }

  @Override
  public T deserialize(T reuse, DataInputView source) {
    throw refused("deserialization");
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) {
    throw refused("copy");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChainOnlySerializer<?> that && type.equals(that.type);
  }

  @Override
  public int hashCode() {
    return type.hashCode();
  }

  @Override
  public TypeSerializerSnapshot<T> snapshotConfiguration() {
    return new Snapshot<>();
  }

  /** Never stored: what stays in the chain is no state. */
  public static final class Snapshot<T> implements TypeSerializerSnapshot<T> {
    @Override
    public int getCurrentVersion() {
      return 1;
    }

    @Override
    public void writeSnapshot(DataOutputView out) {}

    @Override
    public void readSnapshot(int readVersion, DataInputView in, ClassLoader userCode) {}

    @Override
    public TypeSerializer<T> restoreSerializer() {
      throw new UnsupportedOperationException("nothing chain-only is ever stored");
    }

    @Override
    public TypeSerializerSchemaCompatibility<T> resolveSchemaCompatibility(
        TypeSerializerSnapshot<T> old) {
      return TypeSerializerSchemaCompatibility.compatibleAsIs();
    }
  }
}
