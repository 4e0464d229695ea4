package dev.drey.runtime.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * JSON of model files, read so that damage shows: valid UTF-8, no key twice in one object, nothing
 * after the value, bounded nesting and numbers.
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
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();
  private static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

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
    try (JsonParser parser = FACTORY.createParser(text(file, what, bytes))) {
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
    try {
      JsonNode node = MAPPER.readTree(text(file, "content", bytes));
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw damaged(file, "content", "something else", null);
    } catch (IOException e) {
      throw damaged(file, "content", e);
    }
  }

  private static String text(Path file, String what, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      throw damaged(file, what, "bytes that are not valid UTF-8", e);
    }
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
    return damaged(file, what, "unreadable JSON: " + e, e);
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
