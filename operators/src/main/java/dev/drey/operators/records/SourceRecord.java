package dev.drey.operators.records;

import dev.drey.operators.flink.ValueType;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.jspecify.annotations.Nullable;

/**
 * One input record as the source delivered it: untouched bytes and where they came from. The arrays
 * must not be written to after the record was made.
 *
 * @param key key bytes; null if it has none
 * @param value value bytes; null for a tombstone
 * @param headers headers in their order, doubles included
 * @param source name of the topic or file
 * @param partition partition of the topic; 0 for a file
 * @param offset offset in the partition, or line of the file from 0
 * @param timestamp milliseconds since the epoch, or {@link #NO_TIMESTAMP}
 */
public record SourceRecord(
    byte @Nullable [] key,
    byte @Nullable [] value,
    List<Header> headers,
    String source,
    int partition,
    long offset,
    long timestamp) {

  /** The timestamp of a record that carries none. */
  public static final long NO_TIMESTAMP = Long.MIN_VALUE;

  /** The type, with a serializer of its own. */
  public static final TypeInformation<SourceRecord> TYPE =
      ValueType.of(SourceRecord.class, new SourceRecordSerializer());

  /**
   * A header of the record.
   *
   * @param name its name; may occur more than once
   * @param value its bytes, or null
   */
  public record Header(String name, byte @Nullable [] value) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Header that
          && name.equals(that.name)
          && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
      return 31 * name.hashCode() + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** A record; the arrays are not copied. */
  public SourceRecord(
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<Header> headers,
      String source,
      int partition,
      long offset,
      long timestamp) {
    this.key = key;
    this.value = value;
    this.headers = List.copyOf(headers);
    this.source = source;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
  }

  /** A record without key, headers and timestamp. */
  public static SourceRecord of(byte[] value, String source, int partition, long offset) {
    return new SourceRecord(null, value, List.of(), source, partition, offset, NO_TIMESTAMP);
  }

  /** What tells this record from every other of the job: source, partition and offset. */
  public String identity() {
    return source + "-" + partition + "-" + offset;
  }

  /** The same without its value. */
  public SourceRecord withoutValue() {
    return new SourceRecord(key, null, headers, source, partition, offset, timestamp);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SourceRecord that
        && partition == that.partition
        && offset == that.offset
        && timestamp == that.timestamp
        && source.equals(that.source)
        && headers.equals(that.headers)
        && Arrays.equals(key, that.key)
        && Arrays.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(source, partition, offset);
  }

  /** Where it came from; never what it holds. */
  @Override
  public String toString() {
    return "SourceRecord[" + identity() + "]";
  }
}
