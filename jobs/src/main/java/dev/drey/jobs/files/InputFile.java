package dev.drey.jobs.files;

import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;

/**
 * An input file as it was when the job first saw it. Later changes are refused, because line
 * numbers, and with them identities, would no longer hold.
 *
 * @param name how records name it: the path below the given directory, or the file's own name
 * @param path where it lies
 * @param length its bytes
 * @param modifiedMillis when it was last written, milliseconds since the epoch
 */
public record InputFile(String name, String path, long length, long modifiedMillis)
    implements Serializable {
  /**
   * Opens the file at a position.
   *
   * @throws IOException if it cannot be read or is not the file it was
   */
  FSDataInputStream open(long offset) throws IOException {
    Path file = new Path(path);
    FileStatus now = file.getFileSystem().getFileStatus(file);
    if (now.getLen() != length || now.getModificationTime() != modifiedMillis) {
      throw new IOException(
          ("%s changed while the job was using it: expected %d bytes written at %d, found %d bytes"
                  + " written at %d; put the old file back or start over with --fresh")
              .formatted(path, length, modifiedMillis, now.getLen(), now.getModificationTime()));
    }
    FSDataInputStream in = file.getFileSystem().open(file);
    try {
      in.seek(offset);
      return in;
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }
}
