package dev.drey.runtime.safetensors;

import static dev.drey.runtime.safetensors.ModelFileException.quote;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The checksums that stand beside a model in {@code SHA256SUMS}, as the command {@code sha256sum *}
 * writes them: the only way to notice a bit that flipped in the weights, where any value is legal.
 */
public final class Checksums {
  /** Name of the list. */
  public static final String FILE = "SHA256SUMS";

  private static final int MAX_BYTES = 4 << 20;
  private static final Pattern LINE = Pattern.compile("([0-9a-fA-F]{64}) [ *](.+)");
  private static final String ADVICE = "Write the list again with sha256sum, from a sound model.";

  private Checksums() {}

  /**
   * Reads every listed file and compares.
   *
   * @param needed names of files that the list must have
   * @throws ModelFileException if there is no list, if it is damaged or lacks a needed file, or if
   *     a file differs
   */
  public static void verify(ModelDirectory directory, Collection<String> needed) {
    Map<String, String> sums = read(directory);
    for (String name : needed) {
      if (!sums.containsKey(name)) {
        throw ModelFileException.of(
            directory.path().resolve(FILE), "file " + quote(name), "its checksum", "none", ADVICE);
      }
    }
    sums.forEach(
        (name, expected) -> {
          String found = Sha256.ofFile(directory.file(name));
          if (!found.equals(expected)) {
            throw ModelFileException.of(
                directory.file(name),
                null,
                "SHA-256 " + expected + ", as " + FILE + " says",
                found,
                "The file is damaged or of another version; fetch it again.");
          }
        });
  }

  private static Map<String, String> read(ModelDirectory directory) {
    byte[] content = directory.read(FILE, MAX_BYTES);
    Map<String, String> sums = new TreeMap<>();
    int number = 0;
    for (String line : new String(content, StandardCharsets.UTF_8).lines().toList()) {
      number++;
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches()) {
        throw refuse(directory, number, "64 hexadecimal digits, two spaces and a file name", line);
      }
      String name = matcher.group(2);
      directory.requirePlain(name);
      // Its own sum would be that of the list before it was written.
      if (!name.equals(FILE) && sums.put(name, matcher.group(1).toLowerCase(Locale.ROOT)) != null) {
        throw refuse(directory, number, "every file once", name);
      }
    }
    return sums;
  }

  private static ModelFileException refuse(
      ModelDirectory directory, int line, String expected, String found) {
    return ModelFileException.of(
        directory.path().resolve(FILE), "line " + line, expected, quote(found), ADVICE);
  }
}
