package dev.drey.runtime.cache;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * Frame of a policy's snapshot: name, version and shape, then what the policy writes, then a CRC-32
 * of all before. Numbers are big-endian; text is modified UTF-8 with its length before it.
 *
 * @param name the policy
 * @param version of what the policy writes
 * @param shape the policy's shape as text
 */
record SnapshotFormat(String name, int version, String shape) {
  /** Writes a policy's state. */
  interface Content {
    void write(DataOutputStream out) throws IOException;
  }

  /** Reads it back. */
  interface Reader {
    void read(DataInputStream in) throws IOException;
  }

  byte[] write(Content content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(name);
      out.writeInt(version);
      out.writeUTF(shape);
      content.write(out);
      out.writeInt(checksum(bytes.toByteArray(), out.size()));
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  /** Reads what {@link #write} returned; refuses anything else before the reader sees it. */
  void read(byte[] snapshot, Reader reader) {
    requireWhole(snapshot);
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(snapshot))) {
      SnapshotFormat found = new SnapshotFormat(in.readUTF(), in.readInt(), in.readUTF());
      if (!equals(found)) {
        throw new IllegalArgumentException(
            "cache policy snapshot does not fit: expected " + this + ", found " + found);
      }
      reader.read(in);
    } catch (IOException e) {
      throw new IllegalArgumentException("cache policy snapshot ends too early", e);
    }
  }

  private static void requireWhole(byte[] snapshot) {
    int length = snapshot.length - Integer.BYTES;
    if (length < 0) {
      throw new IllegalArgumentException(
          "cache policy snapshot is damaged: it has only " + snapshot.length + " bytes");
    }
    int expected = ByteBuffer.wrap(snapshot).getInt(length);
    int found = checksum(snapshot, length);
    if (found != expected) {
      throw new IllegalArgumentException(
          "cache policy snapshot is damaged: expected checksum %08x, found %08x"
              .formatted(expected, found));
    }
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32 sum = new CRC32();
    sum.update(bytes, 0, length);
    return (int) sum.getValue();
  }

  @Override
  public String toString() {
    return "'%s' version %d for %s".formatted(name, version, shape);
  }

  // -- arrays whose length both sides know

  static void writeAll(DataOutputStream out, double[] values) throws IOException {
    for (double value : values) {
      out.writeDouble(value);
    }
  }

  static void readAll(DataInputStream in, double[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readDouble();
    }
  }

  static void writeAll(DataOutputStream out, int[] values) throws IOException {
    for (int value : values) {
      out.writeInt(value);
    }
  }

  static void readAll(DataInputStream in, int[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readInt();
    }
  }

  static void writeAll(DataOutputStream out, boolean[] values) throws IOException {
    for (boolean value : values) {
      out.writeBoolean(value);
    }
  }

  static void readAll(DataInputStream in, boolean[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readBoolean();
    }
  }

  static void writeAll(DataOutputStream out, byte[] values) throws IOException {
    out.write(values, 0, values.length);
  }

  static void readAll(DataInputStream in, byte[] values) throws IOException {
    in.readFully(values);
  }
}
