package dev.drey.jobs.files;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Splits bytes into lines without looking at their encoding. A line ends with a line feed, a
 * carriage return before it is dropped; an end without a line feed ends a line too, unless it is
 * empty. Of a line longer than the bound the first bytes are kept and the rest is counted.
 *
 * <p>Not safe for several threads. Closing closes the stream.
 */
final class LineReader implements Closeable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final int maxLineBytes;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int next;
  private int limit;
  private long unread;
  private long offset;
  private long number;
  private long lineBytes;
  private byte last;

  /**
   * A reader of the lines in {@code [offset, end)}.
   *
   * @param in stream that stands at {@code offset}
   * @param offset position of the first line in the file
   * @param number number of the first line, from 0
   * @param end position behind the last line
   * @param maxLineBytes most bytes kept of a line
   */
  LineReader(InputStream in, long offset, long number, long end, int maxLineBytes) {
    this.in = in;
    this.offset = offset;
    this.number = number - 1;
    this.unread = end - offset;
    this.maxLineBytes = maxLineBytes;
  }

  /**
   * Goes to the next line.
   *
   * @return whether there is one
   * @throws IOException if the stream ends before {@code end}, or cannot be read
   */
  boolean next() throws IOException {
    line.reset();
    lineBytes = 0;
    boolean ended = false;
    boolean any = false;
    while (!ended && fill()) {
      any = true;
      int from = next;
      while (next < limit && buffer[next] != '\n') {
        next++;
      }
      keep(from, next - from);
      if (next < limit) {
        next++;
        ended = true;
      }
      offset += next - from;
    }
    if (any) {
      number++;
    }
    return any;
  }

  private boolean fill() throws IOException {
    if (next < limit) {
      return true;
    }
    if (unread == 0) {
      return false;
    }
    int read = in.read(buffer, 0, (int) Math.min(buffer.length, unread));
    if (read < 0) {
      throw new IOException("the file ended %d bytes early, at %d".formatted(unread, offset));
    }
    unread -= read;
    next = 0;
    limit = read;
    return read > 0 || fill();
  }

  private void keep(int from, int count) {
    if (count > 0) {
      line.write(buffer, from, Math.min(count, maxLineBytes - line.size()));
      lineBytes += count;
      last = buffer[from + count - 1];
    }
  }

  /** The line without its end, cut at the bound; a new array. */
  byte[] bytes() {
    byte[] kept = line.toByteArray();
    return kept.length <= lineBytes() ? kept : Arrays.copyOf(kept, (int) lineBytes());
  }

  /** Whether the line is longer than the bound. */
  boolean isCut() {
    return lineBytes() > maxLineBytes;
  }

  /** Length of the whole line in bytes without its end. */
  long lineBytes() {
    return lineBytes > 0 && last == '\r' ? lineBytes - 1 : lineBytes;
  }

  /** Number of the line, from 0 at the start of the file. */
  long number() {
    return number;
  }

  /** Position behind the line and its end. */
  long endOffset() {
    return offset;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
