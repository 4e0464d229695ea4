package dev.drey.schemas.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** One request object, in either form of {@link RequestJsonCodec}. */
final class RequestReader {
  private static final Schema SCHEMA = InferenceRequest.getClassSchema();
  private static final String PROMPT_URL = "/v1/completions";
  private static final String CHAT_URL = "/v1/chat/completions";
  private static final List<String> ENVELOPE = List.of("method", "url", "body");
  private static final Map<String, String> ALIASES =
      Map.of("max_completion_tokens", "max_tokens", "max_new_tokens", "max_tokens");
  private static final String FIELDS =
      "one of "
          + SCHEMA.getFields().stream().map(Schema.Field::name).collect(Collectors.joining(", "));

  private final JsonParser parser;
  private final InferenceRequest request = new InferenceRequest();
  private final FieldNames names = new FieldNames();
  private final FieldNames envelope = new FieldNames();
  private @Nullable String outside;
  private boolean enveloped;
  private String url = PROMPT_URL;

  private RequestReader(JsonParser parser) {
    this.parser = parser;
  }

  /** Reads the object the parser stands on. */
  static InferenceRequest read(JsonParser parser) throws IOException, RecordFormatException {
    return new RequestReader(parser).line();
  }

  private InferenceRequest line() throws IOException, RecordFormatException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      if (ENVELOPE.contains(name)) {
        enveloped = true;
        envelope.add(name, name);
        envelope(name);
      } else {
        field(name);
        if (!name.equals("custom_id")) {
          outside = name;
        }
      }
    }
    if (enveloped) {
      checkEnvelope();
    }
    return request;
  }

  private void envelope(String name) throws IOException, RecordFormatException {
    switch (name) {
      case "method" -> literal(name, "POST");
      case "url" -> url = literal(name, PROMPT_URL, CHAT_URL);
      default -> body();
    }
  }

  private String literal(String name, String... allowed) throws IOException, RecordFormatException {
    String value = JsonValues.string(parser, name);
    if (!List.of(allowed).contains(value)) {
      throw new RecordFormatException(
          Problem.UNSUPPORTED_FIELD, name, String.join(" or ", allowed), JsonValues.shown(value));
    }
    return value;
  }

  private void body() throws IOException, RecordFormatException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw JsonValues.wrongType("body", "an object", parser);
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      if (name.equals("custom_id") || ENVELOPE.contains(name)) {
        throw new RecordFormatException(
            Problem.UNSUPPORTED_FIELD, "body." + name, "it beside body", "it in body");
      }
      field(name);
    }
  }

  private void checkEnvelope() throws RecordFormatException {
    for (String name : ENVELOPE) {
      if (!envelope.contains(name)) {
        throw new RecordFormatException(
            Problem.MISSING_FIELD, name, "all of method, url and body, or none", "no " + name);
      }
    }
    if (outside != null) {
      throw new RecordFormatException(
          Problem.CONFLICTING_FIELDS, outside, "it in body, as there is one", "it beside body");
    }
    String wanted = request.getMessages() != null ? CHAT_URL : PROMPT_URL;
    if (!url.equals(wanted)) {
      throw new RecordFormatException(
          Problem.CONFLICTING_FIELDS, "url", wanted + " for this body", url);
    }
  }

  private void field(String given) throws IOException, RecordFormatException {
    String name = ALIASES.getOrDefault(given, given);
    Schema.Field field = SCHEMA.getField(name);
    if (field != null) {
      names.add(name, given);
      request.put(field.pos(), value(field, given));
    } else if (given.equals("n")) {
      names.add(given, given);
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT || !parser.getText().equals("1")) {
        throw UnsupportedFields.refusal(given, "1", JsonValues.describe(parser));
      }
    } else {
      UnsupportedFields.refuse(given);
      throw FieldNames.unknown(given, FIELDS);
    }
  }

  private @Nullable Object value(Schema.Field field, String given)
      throws IOException, RecordFormatException {
    JsonToken token = parser.currentToken();
    if (field.name().equals("stop") && token == JsonToken.VALUE_STRING) {
      return List.of(JsonValues.string(parser, given));
    }
    if (field.name().equals("prompt") && token == JsonToken.START_ARRAY) {
      throw JsonValues.wrongType(
          given, "a string (token ids go to prompt_token_ids, further prompts to records)", parser);
    }
    return JsonValues.read(parser, field.schema(), given);
  }
}
