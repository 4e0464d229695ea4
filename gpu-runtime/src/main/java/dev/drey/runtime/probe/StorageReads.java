package dev.drey.runtime.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the system fetched from storage for this process, as opposed to the page cache. */
public final class StorageReads {
  private static final Path COUNTERS = Path.of("/proc/self/io");
  private static final String FETCHED = "read_bytes: ";

  private StorageReads() {}

  /** Bytes fetched since the process began; negative if the system does not tell. */
  public static long bytes() {
    try {
      for (String line : Files.readAllLines(COUNTERS)) {
        if (line.startsWith(FETCHED)) {
          return Long.parseLong(line.substring(FETCHED.length()));
        }
      }
    } catch (IOException | NumberFormatException e) {
      return -1; // not Linux, or counters are off
    }
    return -1;
  }

  /** Bytes fetched since an earlier {@link #bytes()}; negative if the system does not tell. */
  public static long since(long before) {
    long now = bytes();
    return before < 0 || now < 0 ? -1 : now - before;
  }
}
