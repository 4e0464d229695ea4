package dev.drey.runtime.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.TreeNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * JSON of model files, read so that damage shows: valid UTF-8, no key twice in one object, nothing
 * after the value, bounded nesting, numbers and keys. Memory stays within a small multiple of the
 * text: it is decoded piece by piece, and no table of names outlives a parse.
 */
public final class StrictJson {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_NUMBER_CHARS = 64;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_CHARS)
                  .build())
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();
  private static final JsonMapper MAPPER = new JsonMapper(FACTORY);

  private StrictJson() {}

  /** A value's reader; must consume the value and nothing else. */
  @FunctionalInterface
  public interface Reader<T> {
    /** Reads from the parser, which stands before the first token. */
    T read(JsonParser parser) throws IOException;
  }

  /**
   * Reads a file's JSON token by token.
   *
   * @param what names the text in messages
   * @throws ModelFileException if the text is not strict JSON
   */
  public static <T> T read(Path file, String what, byte[] bytes, Reader<T> reader) {
    try (JsonParser parser = new DistinctNames(FACTORY.createParser(text(bytes)))) {
      T value = reader.read(parser);
      if (parser.nextToken() != null) {
        throw damaged(file, what, "more after its end, at character " + offset(parser), null);
      }
      return value;
    } catch (IOException e) {
      throw damaged(file, what, e);
    }
  }

  /**
   * Reads a small file that holds one JSON object.
   *
   * @throws ModelFileException if it does not
   */
  public static ObjectNode object(Path file, byte[] bytes) {
    return read(
        file,
        "content",
        bytes,
        parser -> {
          TreeNode node = MAPPER.readTree(parser);
          if (node instanceof ObjectNode object) {
            return object;
          }
          throw damaged(file, "content", "something else", null);
        });
  }

  private static InputStreamReader text(byte[] bytes) {
    return new InputStreamReader(
        new ByteArrayInputStream(bytes),
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT));
  }

  private static long offset(JsonParser parser) {
    return parser.currentLocation().getCharOffset();
  }

  private static ModelFileException damaged(Path file, String what, IOException e) {
    if (e instanceof JsonProcessingException json) {
      String place =
          json.getLocation() == null ? "" : " at character " + json.getLocation().getCharOffset();
      String problem = ModelFileException.quote(json.getOriginalMessage());
      return damaged(file, what, "invalid JSON" + place + ": " + problem, e);
    }
    String found =
        e instanceof CharacterCodingException
            ? "bytes that are not valid UTF-8"
            : "unreadable JSON: " + e;
    return damaged(file, what, found, e);
  }

  private static ModelFileException damaged(
      Path file, String what, String found, @Nullable IOException cause) {
    return ModelFileException.of(
        file,
        what,
        "a JSON object in UTF-8 with distinct keys, at most " + MAX_DEPTH + " levels deep",
        found,
        "The file is damaged or not of this format; fetch it again.",
        cause);
  }
}
