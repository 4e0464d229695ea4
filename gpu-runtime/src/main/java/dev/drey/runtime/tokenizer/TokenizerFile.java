package dev.drey.runtime.tokenizer;

import static dev.drey.runtime.safetensors.ModelFileException.quote;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What {@code tokenizer.json} says that the library does not tell: which ids exist, which are
 * special, and how its decoder joins tokens to text.
 */
final class TokenizerFile {
  /** Ids beyond this are damage: the largest published vocabularies have under a million. */
  private static final int MAX_ID = (1 << 24) - 1;

  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");
  private static final Pattern LETTER = Pattern.compile("[A-Za-z]");

  private final Path file;
  private final BitSet known = new BitSet();
  private final BitSet special = new BitSet();
  private final BitSet bytes = new BitSet();
  private final Set<String> decoders = new HashSet<>();
  private int letter = -1;

  private TokenizerFile(Path file) {
    this.file = file;
  }

  /**
   * Reads the file's content.
   *
   * @throws ModelFileException if it is damaged, or its decoder is of a kind that is not supported
   */
  static TokenizerFile parse(Path file, byte[] content) {
    TokenizerFile parsed = new TokenizerFile(file);
    StrictJson.read(
        file,
        "content",
        content,
        parser -> {
          parsed.readObject(parser);
          return parsed;
        });
    if (parsed.known.isEmpty()) {
      throw parsed.refuse("vocabulary", "at least one token", "none");
    }
    parsed.checkDecoder();
    return parsed;
  }

  /** Ids that have a token. */
  BitSet known() {
    return known;
  }

  /** Ids of special tokens, which decoding can skip. */
  BitSet special() {
    return special;
  }

  /**
   * Ids of tokens that stand for one byte each, of which the decoder makes characters; empty if it
   * does not.
   */
  BitSet bytes() {
    return decoders.contains("ByteFallback") ? bytes : new BitSet();
  }

  /** Whether the decoder joins the bytes of all tokens before it makes characters of them. */
  boolean joinsBytes() {
    return decoders.contains("ByteLevel");
  }

  /** A token that is a single ASCII letter, or -1. */
  int letter() {
    return letter;
  }

  private void readObject(JsonParser parser) throws IOException {
    requireStart(parser.nextToken(), JsonToken.START_OBJECT, "content");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "added_tokens" -> readAddedTokens(parser);
        case "decoder" -> readDecoder(parser);
        case "model" -> readModel(parser);
        default -> parser.skipChildren();
      }
    }
  }

  private void readAddedTokens(JsonParser parser) throws IOException {
    requireStart(parser.currentToken(), JsonToken.START_ARRAY, "added_tokens");
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      int id = -1;
      boolean isSpecial = false;
      String content = "";
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "id" -> id = readId(parser);
          case "special" -> isSpecial = parser.getBooleanValue();
          case "content" -> content = parser.getText();
          default -> parser.skipChildren();
        }
      }
      if (id < 0) {
        throw refuse("added token " + quote(content), "an id", "none");
      }
      addToken(content, id);
      special.set(id, isSpecial);
    }
  }

  /** Collects the types of the decoder and of the decoders in it. */
  private void readDecoder(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      return;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      if (key.equals("type")) {
        decoders.add(parser.getText());
      } else if (key.equals("decoders") && parser.currentToken() == JsonToken.START_ARRAY) {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
          readDecoder(parser);
        }
      } else {
        parser.skipChildren();
      }
    }
  }

  private void readModel(JsonParser parser) throws IOException {
    requireStart(parser.currentToken(), JsonToken.START_OBJECT, "model");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean vocabulary = parser.currentName().equals("vocab");
      parser.nextToken();
      if (!vocabulary) {
        parser.skipChildren();
        continue;
      }
      requireStart(parser.currentToken(), JsonToken.START_OBJECT, "vocabulary");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String token = parser.currentName();
        parser.nextToken();
        addToken(token, readId(parser));
      }
    }
  }

  private void addToken(String token, int id) {
    known.set(id);
    bytes.set(id, BYTE.matcher(token).matches());
    if (LETTER.matcher(token).matches()) {
      letter = id;
    }
  }

  private int readId(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
        || parser.getNumberType() != JsonParser.NumberType.INT
        || parser.getIntValue() < 0
        || parser.getIntValue() > MAX_ID) {
      throw refuse("token id", "a whole number from 0 to " + MAX_ID, quote(parser.getText()));
    }
    return parser.getIntValue();
  }

  private void checkDecoder() {
    boolean supported =
        joinsBytes() || decoders.contains("ByteFallback") || decoders.contains("Metaspace");
    if (!supported) {
      throw ModelFileException.of(
          file,
          "key 'decoder'",
          "ByteLevel, ByteFallback or Metaspace",
          decoders.isEmpty() ? "none" : quote(decoders.toString()),
          "This kind of tokenizer is not supported.");
    }
    if (!joinsBytes() && (letter < 0 || special.get(letter))) {
      throw refuse("vocabulary", "a token for at least one single letter", "none");
    }
  }

  private void requireStart(JsonToken found, JsonToken expected, String subject) {
    if (found != expected) {
      throw refuse(
          subject, expected == JsonToken.START_OBJECT ? "an object" : "a list", "something else");
    }
  }

  private ModelFileException refuse(String subject, String expected, String found) {
    return ModelFileException.of(
        file, subject, expected, found, "The file is damaged; fetch it again.");
  }
}
