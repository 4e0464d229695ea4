package dev.drey.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/** A generated record as a JSON object with its fields in the order of the schema. */
final class JsonRecordWriter {
  private final JsonGenerator out;

  private JsonRecordWriter(JsonGenerator out) {
    this.out = out;
  }

  /**
   * The line of a record, without line end.
   *
   * @throws IllegalArgumentException if a required field is null or a value has no JSON form
   */
  static byte[] line(SpecificRecordBase record) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = StrictJson.FACTORY.createGenerator(bytes)) {
      new JsonRecordWriter(out).object(record, "");
    } catch (IOException e) {
      throw new IllegalArgumentException(
          record.getSchema().getName() + " has no JSON form: " + e.getMessage(), e);
    }
    return bytes.toByteArray();
  }

  private void object(SpecificRecordBase record, String where) throws IOException {
    out.writeStartObject();
    for (Schema.Field field : record.getSchema().getFields()) {
      Object value = record.get(field.pos());
      if (value == null && field.schema().isNullable()) {
        continue;
      }
      String name = where + field.name();
      if (value instanceof ByteBuffer bytes) {
        bytes(field.name(), bytes);
      } else {
        out.writeFieldName(field.name());
        value(value, JsonValues.present(field.schema()), name);
      }
    }
    out.writeEndObject();
  }

  private void value(@Nullable Object value, Schema schema, String where) throws IOException {
    if (value == null) {
      throw new IllegalArgumentException(where + ": expected a value, found null");
    }
    switch (schema.getType()) {
      case STRING -> TextForm.of(schema).write(out, wellFormed(value.toString(), where), where);
      case INT -> out.writeNumber((int) value);
      case LONG -> out.writeNumber((long) value);
      case FLOAT -> out.writeNumber((float) finite((Float) value, where));
      case DOUBLE -> out.writeNumber(finite((Double) value, where));
      case BOOLEAN -> out.writeBoolean((boolean) value);
      case RECORD -> object((SpecificRecordBase) value, where + ".");
      case ARRAY -> {
        out.writeStartArray();
        int i = 0;
        for (Object item : (Collection<?>) value) {
          value(item, schema.getElementType(), where + "[" + i++ + "]");
        }
        out.writeEndArray();
      }
      default -> throw JsonValues.unsupported(schema);
    }
  }

  private static String wellFormed(String text, String where) {
    if (!JsonValues.isWellFormed(text)) {
      throw new IllegalArgumentException(
          where + ": expected well-formed Unicode, found a lone surrogate");
    }
    return text;
  }

  private static double finite(Number number, String where) {
    double value = number.doubleValue();
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          where + ": expected a finite number, found " + value + ", which JSON cannot express");
    }
    return value;
  }

  private void bytes(String name, ByteBuffer value) throws IOException {
    byte[] bytes = new byte[value.remaining()];
    value.duplicate().get(bytes);
    out.writeStringField(name + JsonRecordReader.BASE64, Base64.getEncoder().encodeToString(bytes));
    if (JsonRecordReader.isText(bytes)) {
      out.writeStringField(name + JsonRecordReader.TEXT, new String(bytes, StandardCharsets.UTF_8));
    }
  }
}
