package dev.drey.schemas.serde;

import org.jspecify.annotations.Nullable;

/**
 * A record to the bytes of one message or one line, and back. Codecs hold no state between calls
 * and may be shared by threads.
 *
 * @param <T> the record
 */
public interface RecordCodec<T> {

  /**
   * The bytes of a record; equal records give equal bytes. A line has no line end.
   *
   * @throws IllegalArgumentException if the record lacks a required field or holds a value the
   *     format cannot express (JSON has no infinite numbers)
   */
  byte[] encode(T record);

  /**
   * The record in these bytes.
   *
   * @param bytes a message value or a line; null for a message without value
   * @throws RecordFormatException if they are not exactly one valid record
   */
  T decode(byte @Nullable [] bytes) throws RecordFormatException;
}
