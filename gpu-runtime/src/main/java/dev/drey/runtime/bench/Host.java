package dev.drey.runtime.bench;

import dev.drey.runtime.probe.Processor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where a benchmark ran.
 *
 * @param processor its name, as the system tells it
 * @param cores processors the JVM may use
 * @param memoryBytes physical memory; 0 if unknown
 * @param system operating system and version
 * @param java version and vendor of the JVM
 * @param loadAtStart processes that ran or wanted to, averaged over the minute before; negative if
 *     unknown. Well above 0: something else was running
 */
public record Host(
    String processor, int cores, long memoryBytes, String system, String java, double loadAtStart) {

  /** This machine, now. */
  static Host here() {
    return new Host(
        Processor.name(),
        Runtime.getRuntime().availableProcessors(),
        kibibytes(field("/proc/meminfo", "MemTotal", "0 kB")),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")",
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  /** Memory a process could take now without swapping; the largest number if unknown. */
  static long availableBytes() {
    long bytes = kibibytes(field("/proc/meminfo", "MemAvailable", "0 kB"));
    return bytes == 0 ? Long.MAX_VALUE : bytes;
  }

  private static long kibibytes(String text) {
    return Long.parseLong(text.substring(0, text.length() - " kB".length())) * 1024;
  }

  private static String field(String file, String name, String otherwise) {
    try {
      List<String> lines = Files.readAllLines(Path.of(file));
      for (String line : lines) {
        if (line.startsWith(name)) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      return otherwise; // not Linux
    }
    return otherwise;
  }
}
