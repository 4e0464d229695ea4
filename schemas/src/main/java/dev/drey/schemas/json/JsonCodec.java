package dev.drey.schemas.json;

import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.serde.RecordCodec;
import dev.drey.schemas.serde.RecordFormatException;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * Results and dead letters as JSON lines.
 *
 * @param <T> the generated class of the record
 */
public final class JsonCodec<T extends SpecificRecordBase> implements RecordCodec<T> {
  private final Class<T> type;
  private final Schema schema;
  private final int maxBytes;

  private JsonCodec(Class<T> type, Schema schema, int maxBytes) {
    this.type = type;
    this.schema = schema;
    this.maxBytes = maxBytes;
  }

  /**
   * Results.
   *
   * @param maxBytes longest line that is read
   */
  public static JsonCodec<InferenceResult> results(int maxBytes) {
    return new JsonCodec<>(InferenceResult.class, InferenceResult.getClassSchema(), maxBytes);
  }

  /**
   * Dead letters.
   *
   * @param maxBytes longest line that is read
   */
  public static JsonCodec<DeadLetter> deadLetters(int maxBytes) {
    return new JsonCodec<>(DeadLetter.class, DeadLetter.getClassSchema(), maxBytes);
  }

  @Override
  public byte[] encode(T record) {
    return JsonRecordWriter.line(record);
  }

  @Override
  public T decode(byte @Nullable [] bytes) throws RecordFormatException {
    String text = StrictJson.text(bytes, maxBytes);
    return StrictJson.read(text, parser -> type.cast(JsonRecordReader.read(parser, schema, "")));
  }
}
