package dev.drey.schemas.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import dev.drey.schemas.serde.StrictUtf8;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** One JSON object per message: opens it, hands it to a body, and sees that nothing follows. */
final class StrictJson {
  private static final int MOST_NESTING = 64;
  private static final int LONGEST_NAME = 1000;
  private static final int LONGEST_NUMBER = 100;
  private static final char BYTE_ORDER_MARK = '\ufeff';

  /**
   * The library's settings. Non-numbers are read so that they can be refused by name; field names
   * are not cached, since strangers choose them.
   */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MOST_NESTING)
                  .maxNameLength(LONGEST_NAME)
                  .maxNumberLength(LONGEST_NUMBER)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /** Reads one object; the parser stands on its opening brace, and must end on the closing one. */
  interface Body<T> {
    T read(JsonParser parser) throws IOException, RecordFormatException;
  }

  private StrictJson() {}

  /**
   * The characters of a message.
   *
   * @throws RecordFormatException if there are none, too many, or they are not UTF-8
   */
  static String text(byte @Nullable [] bytes, int maxBytes) throws RecordFormatException {
    if (bytes == null || bytes.length == 0) {
      throw new RecordFormatException(
          Problem.EMPTY, "record", "a JSON object", bytes == null ? "no value" : "no bytes");
    }
    if (bytes.length > maxBytes) {
      throw new RecordFormatException(
          Problem.TOO_LARGE, "record", "at most " + maxBytes + " bytes", bytes.length + " bytes");
    }
    return StrictUtf8.decode("record", bytes, 0, bytes.length);
  }

  /**
   * Reads the one object in a text.
   *
   * @throws RecordFormatException if it is not JSON, not an object, or not alone
   */
  static <T> T read(String text, Body<T> body) throws RecordFormatException {
    if (text.charAt(0) == BYTE_ORDER_MARK) {
      throw new RecordFormatException(
          Problem.NOT_JSON, "record", "a JSON object", "a byte order mark");
    }
    try (JsonParser parser = FACTORY.createParser(text)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new RecordFormatException(Problem.EMPTY, "record", "a JSON object", "white space");
      }
      if (first != JsonToken.START_OBJECT) {
        throw new RecordFormatException(
            Problem.NOT_JSON, "record", "a JSON object", JsonValues.describe(parser));
      }
      T result = body.read(parser);
      requireEnd(parser);
      return result;
    } catch (JsonProcessingException e) {
      throw translated(e);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory failed", e);
    }
  }

  private static void requireEnd(JsonParser parser) throws IOException, RecordFormatException {
    boolean more;
    try {
      more = parser.nextToken() != null;
    } catch (JsonProcessingException e) {
      more = true;
    }
    if (more) {
      throw new RecordFormatException(
          Problem.TRAILING_BYTES,
          "record",
          "nothing after the JSON object",
          "more at " + place(parser.currentLocation()));
    }
  }

  /** The library's error without its message, which may quote the input. */
  private static RecordFormatException translated(JsonProcessingException error) {
    String place = place(error.getLocation());
    if (error instanceof JsonEOFException) {
      return new RecordFormatException(
          Problem.TRUNCATED, "record", "a whole JSON object", "the end at " + place);
    }
    if (error instanceof StreamConstraintsException) {
      return new RecordFormatException(
          Problem.TOO_LARGE,
          "record",
          String.format(
              "numbers of at most %d and names of at most %d characters, %d levels",
              LONGEST_NUMBER, LONGEST_NAME, MOST_NESTING),
          "more at " + place);
    }
    return new RecordFormatException(
        Problem.NOT_JSON, "record", "JSON", "something else at " + place);
  }

  private static String place(@Nullable JsonLocation location) {
    return location == null
        ? "an unknown place"
        : "line " + location.getLineNr() + " column " + location.getColumnNr();
  }

  /**
   * The {@code custom_id} of a message that is not a valid record, if it has one at its top level
   * before it ends or stops being JSON.
   */
  static @Nullable String customId(String text) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean wanted = parser.currentName().equals("custom_id");
        if (parser.nextToken() == JsonToken.VALUE_STRING && wanted) {
          return JsonValues.isWellFormed(parser.getText()) ? parser.getText() : null;
        }
        parser.skipChildren();
      }
    } catch (IOException e) {
      return null; // what is wrong has been found before
    }
    return null;
  }
}
