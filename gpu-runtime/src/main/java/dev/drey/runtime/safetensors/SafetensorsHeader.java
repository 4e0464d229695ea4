package dev.drey.runtime.safetensors;

import static dev.drey.runtime.safetensors.ModelFileException.tensor;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.drey.runtime.model.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file: eight bytes with the length of a JSON object, little-endian,
 * and that object, which maps each tensor's name to its type, shape and place in the data that
 * follows.
 *
 * <p>Everything the header says is checked against itself and the file's size: known types, bytes
 * that agree with the shape, places that cover the data exactly once, without hole or overlap, up
 * to the last byte of the file. A region that comes out of here can be read without further checks.
 *
 * <p>Format: safetensors README, "Format". Stricter than its reader in one point: unknown keys of a
 * tensor are refused.
 */
final class SafetensorsHeader {
  private static final String DAMAGED = "The file is damaged; fetch it again.";
  private static final int MAX_RANK = 8;
  private static final int MAX_METADATA = 10_000;

  private final Path file;
  private final long dataStart;
  private final long fileBytes;
  private final SafetensorsLimits limits;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final List<TensorRegion> regions = new ArrayList<>();

  private SafetensorsHeader(Path file, long dataStart, long fileBytes, SafetensorsLimits limits) {
    this.file = file;
    this.dataStart = dataStart;
    this.fileBytes = fileBytes;
    this.limits = limits;
  }

  /**
   * Reads and checks a header.
   *
   * @param json the object's bytes, without the length
   * @param fileBytes size of the whole file
   * @throws ModelFileException if anything is wrong
   */
  static SafetensorsHeader parse(Path file, byte[] json, long fileBytes, SafetensorsLimits limits) {
    SafetensorsHeader header =
        new SafetensorsHeader(file, Long.BYTES + (long) json.length, fileBytes, limits);
    StrictJson.read(
        file,
        "header",
        json,
        parser -> {
          header.readObject(parser);
          return header;
        });
    header.checkPlaces();
    return header;
  }

  /** Free text about the file; empty if there is none. */
  Map<String, String> metadata() {
    return metadata;
  }

  /** Every tensor, in the order of their places in the file. */
  List<TensorRegion> regions() {
    return regions;
  }

  private void readObject(JsonParser parser) throws IOException {
    require(parser.nextToken() == JsonToken.START_OBJECT, null, "a JSON object", parser);
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      if (name.equals("__metadata__")) {
        readMetadata(parser);
      } else if (regions.size() == limits.tensors()) {
        throw refuse(
            null,
            "at most " + limits.tensors() + " tensors",
            "more",
            "No known model has so many in one file; check where it comes from.");
      } else {
        readTensor(name, parser);
      }
    }
  }

  private void readMetadata(JsonParser parser) throws IOException {
    String subject = "header key '__metadata__'";
    require(parser.currentToken() == JsonToken.START_OBJECT, subject, "an object", parser);
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      require(parser.nextToken() == JsonToken.VALUE_STRING, subject, "texts only", parser);
      boolean fits = metadata.size() < MAX_METADATA;
      require(fits, subject, "at most " + MAX_METADATA + " texts", parser);
      metadata.put(key, parser.getText());
    }
  }

  private void readTensor(String name, JsonParser parser) throws IOException {
    String subject = tensor(name);
    if (!ModelFileException.isVisible(name)) {
      throw refuse(subject, "a name of visible characters", "others", DAMAGED);
    }
    require(parser.currentToken() == JsonToken.START_OBJECT, subject, "an object", parser);
    String type = null;
    long[] shape = null;
    long[] place = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "dtype" -> {
          require(parser.currentToken() == JsonToken.VALUE_STRING, subject, "a dtype", parser);
          type = parser.getText();
        }
        case "shape" -> shape = readLongs(subject, "shape", MAX_RANK, parser);
        case "data_offsets" -> place = readLongs(subject, "data_offsets", 2, parser);
        default ->
            throw refuse(
                subject,
                "the keys dtype, shape and data_offsets",
                "the key " + ModelFileException.quote(key),
                DAMAGED);
      }
    }
    if (type == null || shape == null || place == null || place.length != 2) {
      throw refuse(
          subject,
          "dtype, shape and two data_offsets",
          "dtype %s, shape %s, data_offsets %s"
              .formatted(
                  type == null ? null : ModelFileException.quote(type),
                  Arrays.toString(shape),
                  Arrays.toString(place)),
          DAMAGED);
    }
    regions.add(region(name, typeOf(subject, type), shape, place[0], place[1]));
  }

  private long[] readLongs(String subject, String key, int most, JsonParser parser)
      throws IOException {
    String expected = key + " of at most " + most + " whole numbers from 0";
    require(parser.currentToken() == JsonToken.START_ARRAY, subject, expected, parser);
    long[] values = new long[most];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean fits =
          count < most
              && parser.currentToken() == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && parser.getLongValue() >= 0;
      require(fits, subject, expected, parser);
      values[count++] = parser.getLongValue();
    }
    return Arrays.copyOf(values, count);
  }

  private DType typeOf(String subject, String name) {
    for (DType type : DType.values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    throw refuse(
        subject,
        "an element type of " + Arrays.toString(DType.values()),
        ModelFileException.quote(name),
        "This type is not supported; use a checkpoint with BF16 weights.");
  }

  private TensorRegion region(String name, DType type, long[] shape, long begin, long end) {
    String subject = tensor(name);
    long dataBytes = fileBytes - dataStart;
    if (begin > end || end > dataBytes) {
      throw refuse(
          subject,
          "a place within the " + dataBytes + " bytes of data of a file of " + fileBytes + " bytes",
          "bytes " + begin + " to " + end,
          begin > end ? DAMAGED : "The file is cut short or damaged; fetch it again.");
    }
    long bytes = TensorSpec.bytes(type, shape);
    if (bytes != end - begin) {
      throw refuse(
          subject,
          (bytes < 0 ? "fewer than 2^63" : bytes) + " bytes for " + type + Arrays.toString(shape),
          (end - begin) + " bytes",
          DAMAGED);
    }
    return new TensorRegion(name, file, type, shape, dataStart + begin, bytes);
  }

  private void checkPlaces() {
    regions.sort(
        Comparator.comparingLong(TensorRegion::offset).thenComparingLong(TensorRegion::bytes));
    long end = dataStart;
    for (TensorRegion region : regions) {
      if (region.offset() != end) {
        throw refuse(
            tensor(region.name()),
            "to start at byte " + (end - dataStart) + " of the data, where the one before ends",
            (region.offset() < end ? "an overlap, " : "a hole, ")
                + "a start at "
                + (region.offset() - dataStart),
            DAMAGED);
      }
      end += region.bytes();
    }
    if (end != fileBytes) {
      throw refuse(
          null,
          end + " bytes, where the last tensor ends",
          fileBytes + " bytes",
          "The file has bytes that belong to no tensor; fetch it again.");
    }
  }

  private void require(boolean holds, @Nullable String subject, String expected, JsonParser parser)
      throws IOException {
    if (!holds) {
      String found = parser.currentToken() == null ? "the end" : parser.getText();
      throw refuse(
          subject == null ? "header" : subject,
          expected,
          found == null ? "nothing" : ModelFileException.quote(found),
          DAMAGED);
    }
  }

  private ModelFileException refuse(
      @Nullable String subject, String expected, String found, String advice) {
    return ModelFileException.of(file, subject, expected, found, advice);
  }
}
