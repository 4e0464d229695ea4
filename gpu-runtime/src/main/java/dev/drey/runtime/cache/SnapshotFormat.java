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
 * Frame of the snapshot of a policy or a predictor: name, version and shape, then what it writes,
 * then a CRC-32 of all before. Numbers are big-endian; text is modified UTF-8 with its length
 * before it.
 *
 * @param name whose it is
 * @param version of what it writes
 * @param shape what it was made for, as text
 */
public record SnapshotFormat(String name, int version, String shape) {
  /** Writes what is remembered. */
  public interface Content {
    /** Writes it all. */
    void write(DataOutputStream out) throws IOException;
  }

  /** Reads it back. */
  public interface Reader {
    /** Reads it all. */
    void read(DataInputStream in) throws IOException;
  }

  /** The whole snapshot. */
  public byte[] write(Content content) {
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

  /**
   * Reads what {@link #write} returned; refuses anything else before the reader sees it.
   *
   * @throws IllegalArgumentException if it is damaged or does not fit; says what was expected
   */
  public void read(byte[] snapshot, Reader reader) {
    requireWhole(snapshot);
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(snapshot))) {
      SnapshotFormat found = new SnapshotFormat(in.readUTF(), in.readInt(), in.readUTF());
      if (!equals(found)) {
        throw new IllegalArgumentException(
            "snapshot does not fit: expected " + this + ", found " + found);
      }
      reader.read(in);
    } catch (IOException e) {
      throw new IllegalArgumentException("snapshot of '" + name + "' ends too early", e);
    }
  }

  private void requireWhole(byte[] snapshot) {
    int length = snapshot.length - Integer.BYTES;
    if (length < 0) {
      throw new IllegalArgumentException(
          "snapshot of '%s' is damaged: it has only %d bytes".formatted(name, snapshot.length));
    }
    int expected = ByteBuffer.wrap(snapshot).getInt(length);
    int found = checksum(snapshot, length);
    if (found != expected) {
      throw new IllegalArgumentException(
          "snapshot of '%s' is damaged: expected checksum %08x, found %08x"
              .formatted(name, expected, found));
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

  /** Writes all numbers. */
  public static void writeAll(DataOutputStream out, double[] values) throws IOException {
    for (double value : values) {
      out.writeDouble(value);
    }
  }

  /** Fills the array. */
  public static void readAll(DataInputStream in, double[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readDouble();
    }
  }

  /** Writes all numbers. */
  public static void writeAll(DataOutputStream out, int[] values) throws IOException {
    for (int value : values) {
      out.writeInt(value);
    }
  }

  /** Fills the array. */
  public static void readAll(DataInputStream in, int[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readInt();
    }
  }

  /** Writes all values. */
  public static void writeAll(DataOutputStream out, boolean[] values) throws IOException {
    for (boolean value : values) {
      out.writeBoolean(value);
    }
  }

  /** Fills the array. */
  public static void readAll(DataInputStream in, boolean[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readBoolean();
    }
  }

  /** Writes all bytes. */
  public static void writeAll(DataOutputStream out, byte[] values) throws IOException {
    out.write(values, 0, values.length);
  }

  /** Fills the array. */
  public static void readAll(DataInputStream in, byte[] values) throws IOException {
    in.readFully(values);
  }

  /** Writes all numbers. */
  public static void writeAll(DataOutputStream out, float[] values) throws IOException {
    for (float value : values) {
      out.writeFloat(value);
    }
  }

  /** Fills the array. */
  public static void readAll(DataInputStream in, float[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readFloat();
    }
  }

  /** Writes all numbers. */
  public static void writeAll(DataOutputStream out, short[] values) throws IOException {
    for (short value : values) {
      out.writeShort(value);
    }
  }

  /** Fills the array. */
  public static void readAll(DataInputStream in, short[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readShort();
    }
  }

  /** Writes all numbers. */
  public static void writeAll(DataOutputStream out, long[] values) throws IOException {
    for (long value : values) {
      out.writeLong(value);
    }
  }

  /** Fills the array. */
  public static void readAll(DataInputStream in, long[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readLong();
    }
  }
}
