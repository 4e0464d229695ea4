package dev.drey.schemas.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import dev.drey.schemas.serde.StrictUtf8;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/** A JSON object as the generated class of a schema. */
final class JsonRecordReader {
  static final String BASE64 = "_base64";
  static final String TEXT = "_text";

  private final JsonParser parser;
  private final Schema schema;
  private final String where;
  private final SpecificRecordBase record;
  private final FieldNames names = new FieldNames();
  private final Map<String, byte[]> texts = new HashMap<>();

  private JsonRecordReader(JsonParser parser, Schema schema, String where) {
    this.parser = parser;
    this.schema = schema;
    this.where = where.isEmpty() ? "" : where + ".";
    this.record = create(schema);
  }

  /**
   * Reads the object the parser stands on.
   *
   * @param where the field it is the value of; empty for the message itself
   */
  static SpecificRecordBase read(JsonParser parser, Schema schema, String where)
      throws IOException, RecordFormatException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw JsonValues.wrongType(where, "an object", parser);
    }
    return new JsonRecordReader(parser, schema, where).read();
  }

  /** A record of the generated class, all fields null or zero. */
  private static SpecificRecordBase create(Schema schema) {
    // The generated classes may live in another class loader than Avro.
    SpecificData data = new SpecificData(JsonRecordReader.class.getClassLoader());
    return (SpecificRecordBase) SpecificData.newInstance(data.getClass(schema), schema);
  }

  private SpecificRecordBase read() throws IOException, RecordFormatException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      Schema.Field field = schema.getField(name);
      if (field != null && !isBytes(field)) {
        names.add(name, name);
        Object value = JsonValues.read(parser, field.schema(), where + name);
        record.put(field.pos(), value);
      } else {
        readBytes(name);
      }
    }
    for (var text : texts.entrySet()) {
      takeText(text.getKey(), text.getValue());
    }
    for (Schema.Field field : schema.getFields()) {
      complete(field);
    }
    return record;
  }

  private void readBytes(String name) throws IOException, RecordFormatException {
    Schema.Field binary = bytesField(name, BASE64);
    Schema.Field text = bytesField(name, TEXT);
    if (binary == null && text == null) {
      throw FieldNames.unknown(where + name, "a field of " + schema.getName());
    }
    names.add(name, name);
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    String value = JsonValues.string(parser, where + name);
    if (text != null) {
      texts.put(text.name(), value.getBytes(StandardCharsets.UTF_8));
    } else if (binary != null) {
      record.put(binary.pos(), ByteBuffer.wrap(base64(name, value)));
    }
  }

  private Schema.@Nullable Field bytesField(String name, String suffix) {
    if (!name.endsWith(suffix)) {
      return null;
    }
    Schema.Field field = schema.getField(name.substring(0, name.length() - suffix.length()));
    return field != null && isBytes(field) ? field : null;
  }

  static boolean isBytes(Schema.Field field) {
    return JsonValues.present(field.schema()).getType() == Schema.Type.BYTES;
  }

  private byte[] base64(String name, String value) throws RecordFormatException {
    try {
      return Base64.getDecoder().decode(value);
    } catch (IllegalArgumentException e) {
      throw new RecordFormatException(
          Problem.MALFORMED, where + name, "base64", value.length() + " other characters");
    }
  }

  /** The text stands for the bytes, and may not contradict them. */
  private void takeText(String name, byte[] text) throws RecordFormatException {
    int position = schema.getField(name).pos();
    Object binary = record.get(position);
    if (binary == null) {
      record.put(position, ByteBuffer.wrap(text));
    } else if (!Arrays.equals(((ByteBuffer) binary).array(), text)) {
      throw new RecordFormatException(
          Problem.CONFLICTING_FIELDS,
          where + name,
          name + TEXT + " to be the same bytes as " + name + BASE64,
          "others");
    }
  }

  private void complete(Schema.Field field) throws RecordFormatException {
    boolean given = names.contains(field.name()) || isBytes(field);
    if (given || field.schema().isNullable()) {
      return;
    }
    if (!field.hasDefaultValue()) {
      throw FieldNames.missing(field, where);
    }
    record.put(field.pos(), record.getSpecificData().getDefaultValue(field));
  }

  /** Whether a field's bytes can be shown as text without loss. */
  static boolean isText(byte[] bytes) {
    return StrictUtf8.firstInvalid(bytes, 0, bytes.length) < 0;
  }
}
