package dev.drey.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** What a string of the schema is in JSON, by its property {@code json}. */
enum TextForm {
  /** A string. */
  PLAIN(null),
  /** An object, whose text the string is. */
  OBJECT("object"),
  /** A string, or an object whose text it becomes. */
  ARGUMENTS("arguments"),
  /** A string, or a list of text parts as in the OpenAI interface, joined by line feeds. */
  PARTS("parts");

  private final @Nullable String property;

  TextForm(@Nullable String property) {
    this.property = property;
  }

  /**
   * The form of a string's schema.
   *
   * @throws IllegalStateException if the schema names a form that does not exist
   */
  static TextForm of(Schema schema) {
    String name = schema.getProp("json");
    for (TextForm form : values()) {
      if (name == null ? form.property == null : name.equals(form.property)) {
        return form;
      }
    }
    throw JsonValues.unsupported(schema);
  }

  /** Reads the value the parser stands on. */
  String read(JsonParser parser, String where) throws IOException, RecordFormatException {
    JsonToken token = parser.currentToken();
    if (this == OBJECT || (this == ARGUMENTS && token == JsonToken.START_OBJECT)) {
      return JsonCopy.objectText(parser, where);
    }
    if (this == PARTS && token == JsonToken.START_ARRAY) {
      return parts(parser, where);
    }
    return JsonValues.string(parser, where);
  }

  /**
   * Writes a string of this form.
   *
   * @throws IllegalArgumentException if it should be the text of an object and is not
   */
  void write(JsonGenerator out, String text, String where) throws IOException {
    if (this == OBJECT) {
      out.writeRawValue(JsonCopy.objectText(text, where));
    } else {
      out.writeString(text);
    }
  }

  private static String parts(JsonParser parser, String where)
      throws IOException, RecordFormatException {
    List<String> texts = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      texts.add(part(parser, where + "[" + texts.size() + "]"));
    }
    return String.join("\n", texts);
  }

  private static String part(JsonParser parser, String where)
      throws IOException, RecordFormatException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw JsonValues.wrongType(where, "an object", parser);
    }
    FieldNames names = new FieldNames();
    String text = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      String field = where + "." + JsonValues.shown(name);
      names.add(field, field);
      String value = JsonValues.string(parser, field);
      if (name.equals("text")) {
        text = value;
      } else if (!name.equals("type") || !value.equals("text")) {
        throw new RecordFormatException(
            Problem.UNSUPPORTED_FIELD, field, "parts of type text only", "something else");
      }
    }
    if (text == null) {
      throw new RecordFormatException(Problem.MISSING_FIELD, where + ".text", "a value", "none");
    }
    return text;
  }
}
