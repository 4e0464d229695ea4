package dev.drey.schemas.json;

import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;

/** The names met so far in one object, so that none is taken twice. */
final class FieldNames {
  private final Map<String, String> spellings = new HashMap<>();

  /**
   * Notes a field.
   *
   * @param field the field itself
   * @param spelling the name it was given under
   * @throws RecordFormatException if the field was there before, under this name or another
   */
  void add(String field, String spelling) throws RecordFormatException {
    String before = spellings.putIfAbsent(field, spelling);
    if (before != null) {
      throw new RecordFormatException(
          Problem.DUPLICATE_FIELD,
          field,
          "one value",
          before.equals(spelling) ? "two" : "two, as " + before + " and " + spelling);
    }
  }

  boolean contains(String field) {
    return spellings.containsKey(field);
  }

  static RecordFormatException unknown(String name, String expected) {
    return new RecordFormatException(
        Problem.UNKNOWN_FIELD, JsonValues.shown(name), expected, "an unknown field");
  }

  static RecordFormatException missing(Schema.Field field, String where) {
    return new RecordFormatException(
        Problem.MISSING_FIELD, where + field.name(), "a value", "none");
  }
}
