package dev.drey.it.testing;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What this process holds, as Linux and the virtual machine see it.
 *
 * @param files open file descriptors
 * @param threads live threads, native ones included
 * @param metaspaceBytes used metaspace
 * @param nativeBytes anonymous resident memory outside the Java heap
 */
public record ProcessUse(int files, int threads, long metaspaceBytes, long nativeBytes) {
  private static final Path SELF = Path.of("/proc/self");
  private static final Pattern MAPPING = Pattern.compile("^([0-9a-f]+)-([0-9a-f]+) .*");
  private static final Pattern ADDRESS = Pattern.compile("0x([0-9a-f]{16})");

  private record Range(long from, long to) {}

  /** Looks, after a garbage collection. */
  public static ProcessUse now() throws IOException, JMException {
    System.gc();
    return new ProcessUse(entries("fd"), entries("task"), metaspace(), outside(heap()));
  }

  private static int entries(String directory) throws IOException {
    try (Stream<Path> all = Files.list(SELF.resolve(directory))) {
      return (int) all.count();
    }
  }

  private static long metaspace() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Metaspace"))
        .map(MemoryPoolMXBean::getUsage)
        .mapToLong(usage -> usage.getUsed())
        .sum();
  }

  /**
   * Where the heap lies; its resident part depends on what was ever touched, not on what is used.
   */
  private static Range heap() throws JMException {
    String report =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcHeapInfo",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    long from = Long.MAX_VALUE;
    long to = 0;
    Matcher address =
        ADDRESS.matcher(report.lines().filter(l -> !l.contains("Metaspace")).toList().toString());
    while (address.find()) {
      long value = Long.parseLong(address.group(1), 16);
      from = Math.min(from, value);
      to = Math.max(to, value);
    }
    return new Range(from, to);
  }

  private static long outside(Range heap) throws IOException {
    long bytes = 0;
    boolean counted = false;
    for (String line : Files.readAllLines(SELF.resolve("smaps"))) {
      Matcher mapping = MAPPING.matcher(line);
      if (mapping.matches()) {
        long start = Long.parseUnsignedLong(mapping.group(1), 16);
        counted = start < heap.from() || start >= heap.to();
      } else if (counted && line.startsWith("Anonymous:")) {
        bytes += Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    return bytes;
  }
}
