package dev.drey.schemas.serde;

import dev.drey.schemas.serde.RecordFormatException.Problem;
import org.apache.avro.Schema;

/**
 * Walks the binary body of a record along its writer's schema and refuses whatever does not follow
 * it, allocating nothing that a length in the data asks for.
 *
 * <p>Avro's own reader trusts lengths: a body of a dozen bytes that announces two thousand million
 * array items makes it allocate them before it notices that they are not there, and it replaces
 * invalid UTF-8. After this walk it can do neither. Every item takes at least one byte, since no
 * schema here has items without content; a count above the bytes left is therefore a lie.
 *
 * <p>Format: Apache Avro 1.12 specification, "Binary encoding".
 */
final class AvroBody {
  private static final int MOST_NESTING = 32;

  private final byte[] bytes;
  private int position;

  private AvroBody(byte[] bytes, int from) {
    this.bytes = bytes;
    this.position = from;
  }

  /**
   * Checks that the bytes from {@code from} on are exactly one value of a schema.
   *
   * @throws RecordFormatException naming the field that is wrong
   */
  static void check(Schema writer, byte[] bytes, int from) throws RecordFormatException {
    AvroBody body = new AvroBody(bytes, from);
    body.value(writer, "", 0);
    if (body.left() > 0) {
      throw new RecordFormatException(
          Problem.TRAILING_BYTES,
          writer.getName(),
          "the end of the record at byte " + body.position,
          body.left() + " more bytes");
    }
  }

  private void value(Schema schema, String where, int depth) throws RecordFormatException {
    if (depth > MOST_NESTING) {
      throw malformed(where, "at most " + MOST_NESTING + " levels", "more");
    }
    switch (schema.getType()) {
      case NULL -> {}
      case BOOLEAN -> bool(where);
      case INT -> integer(where);
      case LONG -> varint(where, 64);
      case FLOAT -> skip(Float.BYTES, where);
      case DOUBLE -> skip(Double.BYTES, where);
      case BYTES -> skip(length(where), where);
      case FIXED -> skip(schema.getFixedSize(), where);
      case STRING -> string(where);
      case ENUM -> index(schema.getEnumSymbols().size(), where);
      case UNION ->
          value(schema.getTypes().get(index(schema.getTypes().size(), where)), where, depth + 1);
      case ARRAY -> items(schema.getElementType(), false, where, depth);
      case MAP -> items(schema.getValueType(), true, where, depth);
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          String name = where.isEmpty() ? field.name() : where + "." + field.name();
          value(field.schema(), name, depth + 1);
        }
      }
    }
  }

  private void items(Schema item, boolean named, String where, int depth)
      throws RecordFormatException {
    for (long count = varint(where, 64); count != 0; count = varint(where, 64)) {
      if (count < 0) { // a block with its size in bytes, so that readers can skip it
        length(where);
        count = -count;
      }
      if (count < 0 || count > left()) {
        throw truncated(where, Long.toUnsignedString(count) + " items", left());
      }
      for (long i = 0; i < count; i++) {
        if (named) {
          string(where);
        }
        value(item, where, depth + 1);
      }
    }
  }

  private void string(String where) throws RecordFormatException {
    int length = length(where);
    require(length, where);
    StrictUtf8.check(where, bytes, position, length);
    position += length;
  }

  private void bool(String where) throws RecordFormatException {
    require(1, where);
    byte value = bytes[position++];
    if (value != 0 && value != 1) {
      throw malformed(where, "boolean 0 or 1", Integer.toString(value));
    }
  }

  private int index(int choices, String where) throws RecordFormatException {
    int index = integer(where);
    if (index < 0 || index >= choices) {
      throw malformed(where, "a choice from 0 to " + (choices - 1), Integer.toString(index));
    }
    return index;
  }

  /** A length in bytes, not yet compared with what is left. */
  private int length(String where) throws RecordFormatException {
    long length = varint(where, 64);
    if (length < 0 || length > Integer.MAX_VALUE) {
      throw malformed(where, "a length from 0 to " + Integer.MAX_VALUE, Long.toString(length));
    }
    return (int) length;
  }

  private int integer(String where) throws RecordFormatException {
    return (int) varint(where, 32);
  }

  private long varint(String where, int bits) throws RecordFormatException {
    long raw = 0;
    for (int shift = 0; ; shift += 7) {
      require(1, where);
      long digit = bytes[position++];
      long payload = digit & 0x7f;
      if (shift >= bits || (shift + 7 > bits && payload >>> (bits - shift) != 0)) {
        throw malformed(where, "an integer of " + bits + " bits", "a longer one");
      }
      raw |= payload << shift;
      if (digit >= 0) {
        return (raw >>> 1) ^ -(raw & 1);
      }
    }
  }

  private void skip(int length, String where) throws RecordFormatException {
    require(length, where);
    position += length;
  }

  private void require(int length, String where) throws RecordFormatException {
    if (length > left()) {
      throw truncated(where, length + " bytes", left());
    }
  }

  private int left() {
    return bytes.length - position;
  }

  private static RecordFormatException truncated(String where, String expected, int left) {
    return new RecordFormatException(
        Problem.TRUNCATED, where, expected, "only " + left + " bytes left");
  }

  private static RecordFormatException malformed(String where, String expected, String found) {
    return new RecordFormatException(Problem.MALFORMED, where, expected, found);
  }
}
