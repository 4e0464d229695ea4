package dev.drey.jobs.files;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Single lines of part files, read from where they begin. Keeps the parts in use open. */
final class PartLines implements AutoCloseable {
  private static final int FIRST_GUESS_BYTES = 4096;

  private final List<Path> parts;
  private final Map<Integer, FileChannel> open = new HashMap<>();

  PartLines(List<Path> parts) {
    this.parts = parts;
  }

  /** The line that begins at {@code offset} of the part, without its end. */
  byte[] read(int part, long offset) throws IOException {
    FileChannel channel = open.get(part);
    if (channel == null) {
      channel = FileChannel.open(parts.get(part), StandardOpenOption.READ);
      open.put(part, channel);
    }
    byte[] bytes = new byte[FIRST_GUESS_BYTES];
    int length = 0;
    while (true) {
      int read =
          channel.read(ByteBuffer.wrap(bytes, length, bytes.length - length), offset + length);
      if (read < 0) {
        throw new EOFException("%s ended in the line at %d".formatted(parts.get(part), offset));
      }
      for (int i = length; i < length + read; i++) {
        if (bytes[i] == '\n') {
          return Arrays.copyOf(bytes, i);
        }
      }
      length += read;
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, length * 2);
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (FileChannel channel : open.values()) {
      channel.close();
    }
  }
}
