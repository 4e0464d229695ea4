package dev.drey.jobs.files;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** How splits and the enumerator's position are stored in checkpoints; version 1. */
final class LineSplits {
  private static final int VERSION = 1;

  private LineSplits() {}

  /** Stores one split. */
  static final class SplitSerializer implements SimpleVersionedSerializer<LineSplit> {
    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(LineSplit split) throws IOException {
      DataOutputSerializer out = new DataOutputSerializer(128);
      write(split, out);
      return out.getCopyOfBuffer();
    }

    @Override
    public LineSplit deserialize(int version, byte[] bytes) throws IOException {
      refuseOther(version);
      return readSplit(new DataInputDeserializer(bytes));
    }
  }

  /** Stores where the enumerator stands. */
  static final class PositionSerializer implements SimpleVersionedSerializer<LinePosition> {
    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(LinePosition position) throws IOException {
      DataOutputSerializer out = new DataOutputSerializer(256);
      out.writeInt(position.files().size());
      for (InputFile file : position.files()) {
        write(file, out);
      }
      out.writeInt(position.file());
      out.writeLong(position.offset());
      out.writeLong(position.line());
      out.writeInt(position.returned().size());
      for (LineSplit split : position.returned()) {
        write(split, out);
      }
      return out.getCopyOfBuffer();
    }

    @Override
    public LinePosition deserialize(int version, byte[] bytes) throws IOException {
      refuseOther(version);
      DataInputDeserializer in = new DataInputDeserializer(bytes);
      List<InputFile> files = new ArrayList<>();
      for (int n = in.readInt(); n > 0; n--) {
        files.add(readFile(in));
      }
      int file = in.readInt();
      long offset = in.readLong();
      long line = in.readLong();
      List<LineSplit> returned = new ArrayList<>();
      for (int n = in.readInt(); n > 0; n--) {
        returned.add(readSplit(in));
      }
      return new LinePosition(files, file, offset, line, returned);
    }
  }

  private static void refuseOther(int version) throws IOException {
    if (version != VERSION) {
      throw new IOException(
          "input position of version %d; this program reads version %d"
              .formatted(version, VERSION));
    }
  }

  private static void write(InputFile file, DataOutput out) throws IOException {
    out.writeUTF(file.name());
    out.writeUTF(file.path());
    out.writeLong(file.length());
    out.writeLong(file.modifiedMillis());
  }

  private static InputFile readFile(DataInput in) throws IOException {
    return new InputFile(in.readUTF(), in.readUTF(), in.readLong(), in.readLong());
  }

  private static void write(LineSplit split, DataOutput out) throws IOException {
    write(split.file(), out);
    out.writeLong(split.end());
    out.writeLong(split.offset());
    out.writeLong(split.line());
  }

  private static LineSplit readSplit(DataInput in) throws IOException {
    return new LineSplit(readFile(in), in.readLong(), in.readLong(), in.readLong());
  }
}
