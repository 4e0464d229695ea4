package dev.drey.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Objects that no schema describes, as compact text with their numbers as they were written. As
 * strict as for fields: no name twice, no lone surrogate, no NaN or infinity.
 */
final class JsonCopy {
  private JsonCopy() {}

  /** The text of the object the parser stands on. */
  static String objectText(JsonParser parser, String where)
      throws IOException, RecordFormatException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw JsonValues.wrongType(where, "an object", parser);
    }
    StringWriter text = new StringWriter();
    try (JsonGenerator out = StrictJson.FACTORY.createGenerator(text)) {
      copy(parser, out, where);
    }
    return text.toString();
  }

  /**
   * A text that is an object, compact.
   *
   * @throws IllegalArgumentException if it is none
   */
  static String objectText(String text, String where) {
    try {
      if (text.isEmpty()) {
        throw new RecordFormatException(Problem.EMPTY, where, "an object", "no text");
      }
      return StrictJson.read(text, parser -> objectText(parser, where));
    } catch (RecordFormatException e) {
      throw new IllegalArgumentException(
          where + ": expected the text of a JSON object (" + e.getMessage() + ")", e);
    }
  }

  private static void copy(JsonParser parser, JsonGenerator out, String where)
      throws IOException, RecordFormatException {
    Deque<Set<String>> open = new ArrayDeque<>();
    do {
      switch (parser.currentToken()) {
        case START_OBJECT -> {
          open.push(new HashSet<>());
          out.writeStartObject();
        }
        case START_ARRAY -> {
          open.push(new HashSet<>());
          out.writeStartArray();
        }
        case END_OBJECT -> {
          open.pop();
          out.writeEndObject();
        }
        case END_ARRAY -> {
          open.pop();
          out.writeEndArray();
        }
        case FIELD_NAME -> {
          String name = parser.currentName();
          requireWellFormed(name, where);
          if (!open.element().add(name)) {
            throw new RecordFormatException(
                Problem.DUPLICATE_FIELD, where + "." + JsonValues.shown(name), "one value", "two");
          }
          out.writeFieldName(name);
        }
        case VALUE_STRING -> out.writeString(JsonValues.string(parser, where));
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> out.writeNumber(number(parser, where));
        default -> out.copyCurrentEvent(parser);
      }
      if (!open.isEmpty()) {
        parser.nextToken();
      }
    } while (!open.isEmpty());
  }

  private static String number(JsonParser parser, String where)
      throws IOException, RecordFormatException {
    if (parser.isNaN()) {
      throw JsonValues.wrongType(where, "finite numbers", parser);
    }
    return parser.getText();
  }

  private static void requireWellFormed(String name, String where) throws RecordFormatException {
    if (!JsonValues.isWellFormed(name)) {
      throw new RecordFormatException(
          Problem.INVALID_UTF8, where, "well-formed Unicode", "a lone surrogate");
    }
  }
}
