package dev.drey.schemas.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** The value the parser stands on, as a field's schema wants it. */
final class JsonValues {
  private static final int MOST_SHOWN = 40;

  private JsonValues() {}

  /**
   * Reads one value; the parser ends on its last token.
   *
   * @param where the field, for messages
   * @return what the generated classes hold for this schema; null only where the schema allows it
   */
  static @Nullable Object read(JsonParser parser, Schema schema, String where)
      throws IOException, RecordFormatException {
    return switch (schema.getType()) {
      case UNION -> {
        Schema present = present(schema);
        yield parser.currentToken() == JsonToken.VALUE_NULL ? null : read(parser, present, where);
      }
      case STRING -> TextForm.of(schema).read(parser, where);
      case INT -> (int) integer(parser, where, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case LONG -> integer(parser, where, Long.MIN_VALUE, Long.MAX_VALUE);
      case FLOAT -> {
        float value = Float.parseFloat(number(parser, where));
        require(Float.isFinite(value), where, "a finite number", parser);
        yield value;
      }
      case DOUBLE -> {
        double value = Double.parseDouble(number(parser, where));
        require(Double.isFinite(value), where, "a finite number", parser);
        yield value;
      }
      case BOOLEAN -> {
        require(parser.currentToken().isBoolean(), where, "true or false", parser);
        yield parser.getBooleanValue();
      }
      case ARRAY -> array(parser, schema.getElementType(), where);
      case RECORD -> JsonRecordReader.read(parser, schema, where);
      default -> throw unsupported(schema);
    };
  }

  /** The other branch of a union with null, the only kind of union in these schemas. */
  static Schema present(Schema schema) {
    if (schema.getType() != Schema.Type.UNION) {
      return schema;
    }
    List<Schema> branches = schema.getTypes();
    if (branches.size() != 2 || branches.get(0).getType() != Schema.Type.NULL) {
      throw unsupported(schema);
    }
    return branches.get(1);
  }

  static IllegalStateException unsupported(Schema schema) {
    return new IllegalStateException("schema without a JSON form: " + schema);
  }

  private static List<Object> array(JsonParser parser, Schema element, String where)
      throws IOException, RecordFormatException {
    require(parser.currentToken() == JsonToken.START_ARRAY, where, "an array", parser);
    List<Object> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      Object value = read(parser, element, where + "[" + values.size() + "]");
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  static String string(JsonParser parser, String where) throws IOException, RecordFormatException {
    require(parser.currentToken() == JsonToken.VALUE_STRING, where, "a string", parser);
    String value = parser.getText();
    if (!isWellFormed(value)) {
      throw new RecordFormatException(
          Problem.INVALID_UTF8, where, "well-formed Unicode", "a lone surrogate");
    }
    return value;
  }

  /** Whether every surrogate is half of a pair. */
  static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  private static long integer(JsonParser parser, String where, long least, long most)
      throws IOException, RecordFormatException {
    String expected = "an integer from " + least + " to " + most;
    require(parser.currentToken() == JsonToken.VALUE_NUMBER_INT, where, expected, parser);
    long value;
    try {
      value = Long.parseLong(parser.getText());
    } catch (NumberFormatException e) {
      throw wrongType(where, expected, parser);
    }
    require(value >= least && value <= most, where, expected, parser);
    return value;
  }

  private static String number(JsonParser parser, String where)
      throws IOException, RecordFormatException {
    JsonToken token = parser.currentToken();
    boolean numeric = token.isNumeric() && !(token.isScalarValue() && parser.isNaN());
    require(numeric, where, "a finite number", parser);
    return parser.getText();
  }

  private static void require(boolean right, String where, String expected, JsonParser parser)
      throws IOException, RecordFormatException {
    if (!right) {
      throw wrongType(where, expected, parser);
    }
  }

  static RecordFormatException wrongType(String where, String expected, JsonParser parser)
      throws IOException {
    return new RecordFormatException(Problem.WRONG_TYPE, where, expected, describe(parser));
  }

  /** What the parser stands on, in words; strings are not quoted, they may be a prompt. */
  static String describe(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NULL -> "null";
      case VALUE_TRUE -> "true";
      case VALUE_FALSE -> "false";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "number " + shown(parser.getText());
      default -> "something else";
    };
  }

  /** A name or number from a stranger, cut and without control characters. */
  static String shown(String text) {
    String head = text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...";
    return head.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?");
  }
}
