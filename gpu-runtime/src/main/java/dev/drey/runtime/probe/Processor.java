package dev.drey.runtime.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the system says about the processor. */
public final class Processor {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private Processor() {}

  /** Its name; the architecture if the system does not tell. */
  public static String name() {
    try {
      for (String line : Files.readAllLines(CPU_INFO)) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      return System.getProperty("os.arch"); // not Linux
    }
    return System.getProperty("os.arch");
  }
}
