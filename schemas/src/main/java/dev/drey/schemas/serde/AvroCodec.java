package dev.drey.schemas.serde;

import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * Records in Avro single-object encoding. Writes with the current schema; reads every version in
 * the {@link SchemaHistory} and those added by {@link #alsoReading}.
 *
 * @param <T> the generated class of the record
 */
public final class AvroCodec<T extends SpecificRecordBase> implements RecordCodec<T> {
  private static final int HEADER_BYTES = 2 + Long.BYTES;
  private static final byte MAGIC_0 = (byte) 0xc3;
  private static final byte MAGIC_1 = 0x01;

  private interface Rule<T> {
    void check(T record) throws RecordFormatException;
  }

  private record Version<T>(Schema schema, DatumReader<T> reader) {}

  private final SpecificData data;
  private final Schema schema;
  private final Rule<T> rule;
  private final int maxBytes;
  private final DatumWriter<T> writer;
  private final Map<Long, Version<T>> versions;

  @SuppressWarnings("unchecked") // Avro creates writers by schema, not by class
  private AvroCodec(
      SpecificData data, Schema schema, Rule<T> rule, int maxBytes, Iterable<Schema> readable) {
    this.data = data;
    this.schema = schema;
    this.rule = rule;
    this.maxBytes = maxBytes;
    this.writer = (DatumWriter<T>) data.createDatumWriter(schema);
    Map<Long, Version<T>> byFingerprint = new HashMap<>();
    for (Schema version : readable) {
      DatumReader<T> reader = (DatumReader<T>) data.createDatumReader(version, schema);
      byFingerprint.put(SchemaHistory.fingerprint(version), new Version<>(version, reader));
    }
    this.versions = Map.copyOf(byFingerprint);
  }

  private static <T extends SpecificRecordBase> AvroCodec<T> of(
      Class<T> type, Schema schema, Rule<T> rule, int maxBytes) {
    // The generated classes may live in another class loader than Avro.
    SpecificData data = new SpecificData(type.getClassLoader());
    return new AvroCodec<>(data, schema, rule, maxBytes, SchemaHistory.of(schema));
  }

  /**
   * Requests; decoding also refuses one that has no {@link RequestKind}.
   *
   * @param maxBytes longest message that is read
   */
  public static AvroCodec<InferenceRequest> requests(int maxBytes) {
    return of(InferenceRequest.class, InferenceRequest.getClassSchema(), RequestKind::of, maxBytes);
  }

  /**
   * Results.
   *
   * @param maxBytes longest message that is read
   */
  public static AvroCodec<InferenceResult> results(int maxBytes) {
    return of(InferenceResult.class, InferenceResult.getClassSchema(), record -> {}, maxBytes);
  }

  /**
   * Dead letters.
   *
   * @param maxBytes longest message that is read
   */
  public static AvroCodec<DeadLetter> deadLetters(int maxBytes) {
    return of(DeadLetter.class, DeadLetter.getClassSchema(), record -> {}, maxBytes);
  }

  /**
   * This codec, also reading what was written with another schema, such as a version newer than
   * this software.
   *
   * @throws IllegalArgumentException if the current schema cannot read it
   */
  public AvroCodec<T> alsoReading(Schema written) {
    var compatibility = SchemaCompatibility.checkReaderWriterCompatibility(schema, written);
    if (compatibility.getType() != SchemaCompatibilityType.COMPATIBLE) {
      throw new IllegalArgumentException(
          "schema "
              + written.getFullName()
              + ": expected one that the current "
              + schema.getFullName()
              + " can read, found "
              + compatibility.getResult().getIncompatibilities().stream()
                  .map(each -> each.getLocation() + " " + each.getMessage())
                  .collect(Collectors.joining("; ")));
    }
    List<Schema> readable =
        Stream.concat(versions.values().stream().map(Version::schema), Stream.of(written)).toList();
    return new AvroCodec<>(data, schema, rule, maxBytes, readable);
  }

  @Override
  public byte[] encode(T record) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header(SchemaHistory.fingerprint(schema)));
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    try {
      writer.write(record, encoder);
      encoder.flush();
    } catch (IOException | AvroRuntimeException | NullPointerException | ClassCastException e) {
      throw new IllegalArgumentException(
          schema.getName() + " cannot be written: " + e.getMessage(), e);
    }
    return out.toByteArray();
  }

  @Override
  public T decode(byte @Nullable [] bytes) throws RecordFormatException {
    if (bytes == null || bytes.length == 0) {
      throw new RecordFormatException(
          Problem.EMPTY, "record", schema.getName(), bytes == null ? "no value" : "no bytes");
    }
    if (bytes.length > maxBytes) {
      throw new RecordFormatException(
          Problem.TOO_LARGE, "record", "at most " + maxBytes + " bytes", bytes.length + " bytes");
    }
    Version<T> version = versionOf(bytes);
    AvroBody.check(version.schema(), bytes, HEADER_BYTES);
    T record = read(version, bytes);
    rule.check(record);
    return record;
  }

  private Version<T> versionOf(byte[] bytes) throws RecordFormatException {
    if (bytes[0] != MAGIC_0 || (bytes.length > 1 && bytes[1] != MAGIC_1)) {
      throw new RecordFormatException(
          Problem.NOT_AVRO,
          "record",
          "Avro single-object encoding, which starts with c3 01",
          String.format("%02x %02x", bytes[0], bytes[Math.min(1, bytes.length - 1)]));
    }
    if (bytes.length < HEADER_BYTES) {
      throw new RecordFormatException(
          Problem.TRUNCATED, "record", HEADER_BYTES + " bytes of header", bytes.length + " bytes");
    }
    long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    Version<T> version = versions.get(fingerprint);
    if (version == null) {
      throw new RecordFormatException(
          Problem.UNKNOWN_SCHEMA,
          "record",
          "a schema of "
              + schema.getName()
              + ": "
              + versions.keySet().stream()
                  .map(SchemaHistory::fingerprintText)
                  .sorted()
                  .collect(Collectors.joining(", ")),
          "fingerprint " + SchemaHistory.fingerprintText(fingerprint));
    }
    return version;
  }

  private T read(Version<T> version, byte[] bytes) throws RecordFormatException {
    var decoder =
        DecoderFactory.get().binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, null);
    try {
      return version.reader().read(null, decoder);
    } catch (IOException | AvroRuntimeException e) {
      // The body follows its schema, but cannot become the current one, as an enum without default.
      throw new RecordFormatException(
          Problem.MALFORMED,
          "record",
          "a body that resolves to the current " + schema.getName(),
          e.getClass().getSimpleName());
    }
  }

  private static byte[] header(long fingerprint) {
    return ByteBuffer.allocate(HEADER_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC_0)
        .put(MAGIC_1)
        .putLong(fingerprint)
        .array();
  }
}
