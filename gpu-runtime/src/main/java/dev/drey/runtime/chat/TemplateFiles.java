package dev.drey.runtime.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.StrictJson;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a model's directory says about chat templates.
 *
 * @param templates sources by name, one of them {@code default}; empty if there are none
 * @param specialTokens template variables such as {@code bos_token}, for those the model has
 */
record TemplateFiles(Map<String, String> templates, Map<String, Object> specialTokens) {
  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final String SPECIAL_TOKENS = "special_tokens_map.json";
  private static final String TEMPLATE = "chat_template.jinja";
  private static final String TEMPLATE_JSON = "chat_template.json";
  private static final String KEY = "chat_template";
  private static final int MAX_CONFIG_BYTES = 32 << 20;
  private static final int MAX_TEMPLATE_BYTES = 4 << 20;
  private static final List<String> TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");
  private static final String MORE_TOKENS = "additional_special_tokens";

  static TemplateFiles read(ModelDirectory directory) {
    Map<String, Object> tokens = new HashMap<>();
    if (directory.has(SPECIAL_TOKENS)) {
      addTokens(tokens, directory, SPECIAL_TOKENS);
    }
    if (directory.has(TOKENIZER_CONFIG)) {
      addTokens(tokens, directory, TOKENIZER_CONFIG);
    }
    return new TemplateFiles(templates(directory), tokens);
  }

  private static Map<String, String> templates(ModelDirectory directory) {
    if (directory.has(TEMPLATE)) {
      return Map.of("default", text(directory));
    }
    for (String name : List.of(TOKENIZER_CONFIG, TEMPLATE_JSON)) {
      JsonNode template =
          directory.has(name) ? object(directory, name).path(KEY) : MissingNode.getInstance();
      if (template.isTextual()) {
        return Map.of("default", template.textValue());
      }
      if (template.isArray()) {
        return named(directory.file(name), template);
      }
      if (!template.isMissingNode() && !template.isNull()) {
        throw refuse(directory.file(name), "a text, or a list of templates with names");
      }
    }
    return Map.of();
  }

  private static Map<String, String> named(Path file, JsonNode list) {
    Map<String, String> templates = new HashMap<>();
    for (JsonNode entry : list) {
      JsonNode name = entry.path("name");
      JsonNode template = entry.path("template");
      if (!name.isTextual()
          || !template.isTextual()
          || templates.put(name.textValue(), template.textValue()) != null) {
        throw refuse(file, "a list of templates, each with a name of its own");
      }
    }
    if (!templates.containsKey("default")) {
      throw refuse(file, "a template of the name 'default' among them");
    }
    return templates;
  }

  private static ModelFileException refuse(Path file, String expected) {
    return ModelFileException.of(
        file, "key '" + KEY + "'", expected, "something else", "Correct the value or remove it.");
  }

  private static ObjectNode object(ModelDirectory directory, String name) {
    return StrictJson.object(directory.file(name), directory.read(name, MAX_CONFIG_BYTES));
  }

  private static String text(ModelDirectory directory) {
    byte[] bytes = directory.read(TEMPLATE, MAX_TEMPLATE_BYTES);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw ModelFileException.of(
          directory.file(TEMPLATE),
          null,
          "text in UTF-8",
          "bytes that are not",
          "The file is damaged; fetch it again.",
          e);
    }
  }

  /** A token is a text, or an object with the text as {@code content}. */
  private static void addTokens(Map<String, Object> tokens, ModelDirectory directory, String name) {
    ObjectNode config = object(directory, name);
    for (String key : TOKENS) {
      JsonNode token = content(config.path(key));
      if (token.isTextual()) {
        tokens.put(key, token.textValue());
      }
    }
    List<Object> more = new ArrayList<>();
    config.path(MORE_TOKENS).forEach(token -> more.add(content(token).asText()));
    if (!more.isEmpty()) {
      tokens.put(MORE_TOKENS, more);
    }
  }

  private static JsonNode content(JsonNode token) {
    return token.isObject() ? token.path("content") : token;
  }
}
