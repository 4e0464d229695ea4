package dev.drey.schemas.serde;

import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * UTF-8 by the book: overlong forms, surrogates, stray and missing continuation bytes and code
 * points above U+10FFFF are refused, never replaced.
 */
public final class StrictUtf8 {
  private static final int CHUNK_CHARS = 512;

  private StrictUtf8() {}

  /**
   * The text in a range of bytes.
   *
   * @param what the part of the record this is, for the message
   * @throws RecordFormatException naming the first byte that is not UTF-8, counted from {@code
   *     from}
   */
  public static String decode(String what, byte[] bytes, int from, int length)
      throws RecordFormatException {
    check(what, bytes, from, length);
    return new String(bytes, from, length, StandardCharsets.UTF_8);
  }

  /** Throws what {@link #decode} throws, without making the text. */
  static void check(String what, byte[] bytes, int from, int length) throws RecordFormatException {
    int invalid = firstInvalid(bytes, from, length);
    if (invalid >= 0) {
      throw new RecordFormatException(
          Problem.INVALID_UTF8,
          what,
          "UTF-8",
          String.format("invalid byte 0x%02x at offset %d", bytes[from + invalid] & 0xff, invalid));
    }
  }

  /** Offset from {@code from} of the first byte that is not part of valid UTF-8, or -1. */
  public static int firstInvalid(byte[] bytes, int from, int length) {
    int ascii = 0;
    while (ascii < length && bytes[from + ascii] >= 0) {
      ascii++;
    }
    if (ascii == length) {
      return -1;
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes, from + ascii, length - ascii);
    CharBuffer out = CharBuffer.allocate(CHUNK_CHARS);
    CoderResult result = decoder.decode(in, out, true);
    while (result.isOverflow()) {
      out.clear();
      result = decoder.decode(in, out, true);
    }
    return result.isError() ? in.position() - from : -1;
  }
}
