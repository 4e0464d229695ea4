package dev.drey.jobs.files;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Joins the parts of a finished run into {@code results.jsonl} and {@code dead-letters.jsonl}, in
 * the order of the input, and proves on the way that every input line has exactly one outcome.
 *
 * <p>Memory: eight bytes per input line; the outcomes stay on disk. Both files are written beside
 * their names, forced and renamed, the dead letters first: once results.jsonl is there, all is. The
 * join can be repeated until the parts are deleted.
 */
public final class ResultJoin {
  /** Name of the file of results. */
  public static final String RESULTS = "results.jsonl";

  /** Name of the file of dead letters. */
  public static final String DEAD_LETTERS = "dead-letters.jsonl";

  private static final int MAX_LINE_BYTES = Integer.MAX_VALUE - 64;
  private static final int PLACE_BITS = 40;
  private static final long PLACE_MASK = (1L << PLACE_BITS) - 1;

  private final List<InputFile> inputs;
  private final List<Path> parts;
  private final Map<String, long[]> places = new HashMap<>();
  private long results;
  private long deadLetters;

  private ResultJoin(List<InputFile> inputs, List<Path> parts) {
    this.inputs = inputs;
    this.parts = parts;
  }

  /**
   * Counts of a joined run.
   *
   * @param records input lines
   * @param results lines of results.jsonl
   * @param deadLetters lines of dead-letters.jsonl
   */
  public record Counts(long records, long results, long deadLetters) {}

  /**
   * Joins.
   *
   * @param inputs the run's input files, in order
   * @param directory where the parts lie
   * @param target where the joined files go; on the same file system
   * @throws IncompleteRunException if a line has no outcome, or more than one, or an outcome
   *     belongs to no line; nothing is written then
   */
  public static Counts join(List<InputFile> inputs, Path directory, Path target)
      throws IOException {
    ResultJoin join = new ResultJoin(inputs, committedParts(directory));
    join.countLines();
    for (int part = 0; part < join.parts.size(); part++) {
      join.index(part);
    }
    join.checkComplete();
    try (PartLines lines = new PartLines(join.parts)) {
      join.write(lines, PartFormat.DEAD_LETTER, target.resolve(DEAD_LETTERS));
      join.write(lines, PartFormat.RESULT, target.resolve(RESULTS));
    }
    return new Counts(join.results + join.deadLetters, join.results, join.deadLetters);
  }

  private static List<Path> committedParts(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(p -> !p.getFileName().toString().startsWith("."))
          .filter(p -> !p.getFileName().toString().startsWith("_"))
          .sorted()
          .toList();
    }
  }

  private void countLines() throws IOException {
    for (InputFile input : inputs) {
      long[] places = new long[Math.toIntExact(LineCount.of(input))];
      Arrays.fill(places, -1);
      this.places.put(input.name(), places);
    }
  }

  private void index(int part) throws IOException {
    Path path = parts.get(part);
    long size = Files.size(path);
    if (part >= 1 << (Long.SIZE - PLACE_BITS - 1) || size > PLACE_MASK) {
      throw new IOException(
          "%s: more than %d parts, or a part of more than %d bytes, cannot be joined"
              .formatted(path, 1 << (Long.SIZE - PLACE_BITS - 1), PLACE_MASK));
    }
    InputStream in = new BufferedInputStream(Files.newInputStream(path));
    try (LineReader lines = new LineReader(in, 0, 0, size, MAX_LINE_BYTES)) {
      long start = 0;
      while (lines.next()) {
        place(path, PartLine.parse(path, lines.bytes()), (long) part << PLACE_BITS | start);
        start = lines.endOffset();
      }
    }
  }

  private void place(Path part, PartLine line, long place) throws IOException {
    long[] known = places.get(line.source());
    if (known == null || line.number() < 0 || line.number() >= known.length) {
      throw new IncompleteRunException(
          "%s: an outcome belongs to line %d of %s, which this run does not read"
              .formatted(part, line.number(), line.source()));
    }
    if (known[(int) line.number()] != -1) {
      throw new IncompleteRunException(
          "%s: line %d of %s has a second outcome".formatted(part, line.number(), line.source()));
    }
    known[(int) line.number()] = place;
    if (line.kind() == PartFormat.RESULT) {
      results++;
    } else {
      deadLetters++;
    }
  }

  private void checkComplete() throws IncompleteRunException {
    List<String> missing = new ArrayList<>();
    for (InputFile input : inputs) {
      long[] known = placesOf(input);
      long absent = Arrays.stream(known).filter(p -> p == -1).count();
      if (absent > 0) {
        int first = 0;
        while (known[first] != -1) {
          first++;
        }
        missing.add(
            "%d of %d lines of %s have no outcome, the first is line %d"
                .formatted(absent, known.length, input.name(), first));
      }
    }
    if (!missing.isEmpty()) {
      throw new IncompleteRunException(String.join("; ", missing));
    }
  }

  private void write(PartLines lines, char kind, Path target) throws IOException {
    try (AtomicFile file = AtomicFile.beside(target)) {
      for (InputFile input : inputs) {
        for (long place : placesOf(input)) {
          byte[] bytes = lines.read((int) (place >>> PLACE_BITS), place & PLACE_MASK);
          if (bytes[0] == kind) {
            int from = PartLine.recordStart(bytes);
            file.out().write(bytes, from, bytes.length - from);
            file.out().write('\n');
          }
        }
      }
      file.commit();
    }
  }

  private long[] placesOf(InputFile input) {
    long[] known = places.get(input.name());
    if (known == null) {
      throw new IllegalStateException("lines of " + input.name() + " were not counted");
    }
    return known;
  }

  /** Kind and place of an outcome. */
  private record PartLine(char kind, long number, String source) {
    static PartLine parse(Path part, byte[] bytes) throws IOException {
      int end = recordStart(bytes);
      String[] fields = new String(bytes, 0, Math.max(0, end - 1), US_ASCII).split(" ");
      if (fields.length != 3 || fields[0].length() != 1) {
        throw new IOException(part + ": not a part of this program; expected kind, line and file");
      }
      return new PartLine(
          fields[0].charAt(0), Long.parseLong(fields[1]), URLDecoder.decode(fields[2], UTF_8));
    }

    /** Where the record begins: behind the third blank. */
    static int recordStart(byte[] bytes) {
      int blanks = 0;
      int at = 0;
      while (at < bytes.length && blanks < 3) {
        if (bytes[at++] == ' ') {
          blanks++;
        }
      }
      return at;
    }
  }
}
