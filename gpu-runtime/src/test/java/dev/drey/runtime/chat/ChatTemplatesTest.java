package dev.drey.runtime.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.jinja.JinjaException;
import dev.drey.runtime.jinja.JinjaException.Problem;
import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.ModelFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplatesTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 4, 5, 6);

  private final Path dir;

  ChatTemplatesTest(@TempDir Path dir) {
    this.dir = dir;
  }

  static Stream<Arguments> goldenCases() throws IOException {
    Path file = Fixtures.golden("tokenizers").resolve("chat_templates.json");
    List<Arguments> cases = new ArrayList<>();
    for (JsonNode template : JSON.readTree(file.toFile()).required("templates")) {
      for (JsonNode c : template.required("cases")) {
        String name = template.required("name").asText() + " " + c.required("name").asText();
        cases.add(Arguments.of(name, template, c));
      }
    }
    return cases.stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goldenCases")
  void conversationsBecomeThePromptsOfTheReference(String name, JsonNode template, JsonNode c)
      throws IOException {
    ObjectNode config = JSON.createObjectNode();
    for (String key : List.of("chat_template", "bos_token", "eos_token")) {
      config.set(key, template.required(key));
    }
    write("tokenizer_config.json", config.toString());
    Conversation conversation = conversation(c);
    if (c.has("expected")) {
      assertThat(templates().render(conversation, NOW)).isEqualTo(c.required("expected").asText());
    } else {
      assertThatThrownBy(() -> templates().render(conversation, NOW))
          .isInstanceOf(JinjaException.class)
          .hasMessage(c.required("expected_error").asText());
    }
  }

  @Test
  void thereAreGoldenCasesOfAllTemplates() throws IOException {
    assertThat(goldenCases()).hasSizeGreaterThan(60);
  }

  private static Conversation conversation(JsonNode c) {
    return new Conversation(
        JSON.convertValue(
            c.required("messages"), new TypeReference<List<Map<String, @Nullable Object>>>() {}),
        c.has("tools")
            ? JSON.convertValue(c.required("tools"), new TypeReference<List<Object>>() {})
            : null,
        c.required("add_generation_prompt").asBoolean(),
        JSON.convertValue(
            c.required("extra"), new TypeReference<Map<String, @Nullable Object>>() {}));
  }

  private static Conversation hello() {
    return new Conversation(
        List.of(Map.of("role", "user", "content", "hello")), null, true, Map.of());
  }

  private static Conversation withTools() {
    return new Conversation(hello().messages(), List.of(Map.of("name", "f")), false, Map.of());
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(dir.resolve(name), content);
  }

  private ChatTemplates templates() {
    return ChatTemplates.read(dir).orElseThrow();
  }

  @Test
  void theSampleModelHasATemplate() {
    ChatTemplates templates = ChatTemplates.read(Fixtures.sampleModel()).orElseThrow();
    assertThat(templates.render(hello(), NOW))
        .isEqualTo("<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n");
  }

  @Test
  void aModelWithoutATemplateHasNone() throws IOException {
    assertThat(ChatTemplates.read(dir)).isEqualTo(Optional.empty());
    write("tokenizer_config.json", "{\"bos_token\":\"<s>\",\"chat_template\":null}");
    assertThat(ChatTemplates.read(dir)).isEqualTo(Optional.empty());
  }

  @Test
  void theTemplateFileWinsOverTheTokenizersConfigurationAndThatOverTheJsonFile()
      throws IOException {
    write("chat_template.json", "{\"chat_template\":\"json {{ bos_token }}\"}");
    write("tokenizer_config.json", "{\"bos_token\":\"<s>\"}");
    assertThat(templates().render(hello(), NOW)).isEqualTo("json <s>");
    write("tokenizer_config.json", "{\"chat_template\":\"config {{ bos_token is defined }}\"}");
    assertThat(templates().render(hello(), NOW)).isEqualTo("config False");
    write("chat_template.jinja", "file\n");
    assertThat(templates().render(hello(), NOW)).isEqualTo("file");
  }

  @Test
  void ofSeveralTemplatesTheOneForToolsIsUsedWhenThereAreTools() throws IOException {
    write(
        "tokenizer_config.json",
        """
        {"chat_template": [{"name": "default", "template": "plain {{ tools }}"},
                           {"name": "tool_use", "template": "{{ tools|tojson }}"},
                           {"name": "rag", "template": "rag"}]}""");
    assertThat(templates().render(hello(), NOW)).isEqualTo("plain None");
    assertThat(templates().render(withTools(), NOW)).isEqualTo("[{\"name\": \"f\"}]");
  }

  @Test
  void specialTokensAreVariables() throws IOException {
    write(
        "special_tokens_map.json",
        "{\"bos_token\":\"old\",\"pad_token\":\"<pad>\",\"additional_special_tokens\":[\"a\"]}");
    write(
        "tokenizer_config.json",
        """
        {"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "unk_token": null,
         "add_bos_token": true,
         "chat_template": "{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ unk_token is defined }}\
        {{ additional_special_tokens }}{{ add_bos_token is defined }}"}""");
    assertThat(templates().render(hello(), NOW)).isEqualTo("<s></s><pad>False['a']False");
  }

  @Test
  void theTimeIsTheCallers() throws IOException {
    write("chat_template.jinja", "{{ strftime_now('%d %B %Y') }}");
    assertThat(templates().render(hello(), NOW)).isEqualTo("04 March 2026");
  }

  @Test
  void furtherVariablesReachTheTemplateButCannotReplaceItsOwn() throws IOException {
    write("chat_template.jinja", "{{ enable_thinking }} {{ documents }}");
    Conversation thinking =
        new Conversation(hello().messages(), null, true, Map.of("enable_thinking", false));
    assertThat(templates().render(thinking, NOW)).isEqualTo("False None");
    for (String name : Conversation.RESERVED) {
      assertThatThrownBy(() -> new Conversation(hello().messages(), null, true, Map.of(name, "x")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + name + "'");
    }
  }

  @Test
  void aTemplateThatCannotBeReadIsReportedWhenItIsUsed() throws IOException {
    write("chat_template.jinja", "a\n{% include '/etc/passwd' %}");
    ChatTemplates templates = templates();
    assertThatThrownBy(() -> templates.render(hello(), NOW))
        .isInstanceOf(JinjaException.class)
        .hasMessage("line 2: the tag 'include' is not supported")
        .extracting(e -> ((JinjaException) e).problem())
        .isEqualTo(Problem.SYNTAX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{",
        "{\"chat_template\":5}",
        "{\"chat_template\":{}}",
        "{\"chat_template\":[]}",
        "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"x\"}]}",
        "{\"chat_template\":[{\"name\":\"default\"}]}",
        "{\"chat_template\":[{\"name\":\"default\",\"template\":\"x\"},"
            + "{\"name\":\"default\",\"template\":\"y\"}]}"
      })
  void aDamagedConfigurationIsRefused(String json) throws IOException {
    write("tokenizer_config.json", json);
    assertThatThrownBy(() -> ChatTemplates.read(dir))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("tokenizer_config.json");
  }

  @Test
  void aTemplateFileThatIsNotTextOrNotInTheDirectoryIsRefused() throws IOException {
    Files.write(dir.resolve("chat_template.jinja"), new byte[] {'a', (byte) 0xc0});
    assertThatThrownBy(() -> ChatTemplates.read(dir))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("UTF-8");
    Path link = dir.resolve("chat_template.jinja");
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("/etc/hostname"));
    assertThatThrownBy(() -> ChatTemplates.read(dir))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("inside the model's directory");
  }

  @Test
  void jsonBecomesPlainValues() {
    assertThat(PlainJson.parse("{\"a\":[1,2.5,null,true,\"x\",12345678901234567890]}"))
        .hasToString("{a=[1, 2.5, null, true, x, 12345678901234567890]}");
    for (String bad : List.of("", "{", "{\"a\":1,\"a\":2}", "1 2", "NaN", "'a'", "[".repeat(100))) {
      assertThatThrownBy(() -> PlainJson.parse(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class)
          .isNotInstanceOf(UncheckedIOException.class);
    }
  }
}
