package dev.drey.runtime.chat;

import dev.drey.runtime.jinja.JinjaException;
import dev.drey.runtime.jinja.JinjaTemplate;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.safetensors.ModelFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chat templates of a model. Immutable; any number of threads may render at once.
 *
 * <p>Variables are those of Hugging Face transformers' {@code apply_chat_template}: {@code
 * messages}, {@code tools} and {@code documents} (none unless given), {@code
 * add_generation_prompt}, the special tokens of {@code tokenizer_config.json}, and what the
 * conversation adds.
 *
 * <p><b>Failure.</b> Damaged files are refused when they are read. A template that the interpreter
 * cannot read is reported when a conversation asks for it: prompts do not need it.
 */
public final class ChatTemplates {
  private static final String DEFAULT = "default";
  private static final String WITH_TOOLS = "tool_use";

  private record Parsed(@Nullable JinjaTemplate template, @Nullable JinjaException failure) {
    static Parsed of(String source) {
      try {
        return new Parsed(JinjaTemplate.parse(source), null);
      } catch (JinjaException e) {
        return new Parsed(null, e);
      }
    }
  }

  private final Map<String, Parsed> templates = new HashMap<>();
  private final Map<String, Object> specialTokens;

  private ChatTemplates(Map<String, String> sources, Map<String, Object> specialTokens) {
    sources.forEach((name, source) -> templates.put(name, Parsed.of(source)));
    this.specialTokens = specialTokens;
  }

  /**
   * Reads the templates of a model's directory: {@code chat_template.jinja}, else {@code
   * chat_template} in {@code tokenizer_config.json}, else {@code chat_template.json}.
   *
   * @return empty if the model has none
   * @throws ModelFileException if a file is damaged
   */
  public static Optional<ChatTemplates> read(Path modelDirectory) {
    ModelDirectory directory = ModelDirectory.open(modelDirectory);
    TemplateFiles files = TemplateFiles.read(directory);
    return files.templates().isEmpty()
        ? Optional.empty()
        : Optional.of(new ChatTemplates(files.templates(), files.specialTokens()));
  }

  /** A single template of a model without special tokens. */
  public static ChatTemplates of(String source) {
    return new ChatTemplates(Map.of(DEFAULT, source), Map.of());
  }

  /**
   * The prompt of a conversation, special tokens included: tokenize it without adding any.
   *
   * @param now the time that {@code strftime_now} shows
   * @throws JinjaException if the template cannot be read, fails, raises an exception or takes too
   *     long
   */
  public String render(Conversation conversation, LocalDateTime now) {
    Map<String, @Nullable Object> variables = new HashMap<>(specialTokens);
    variables.putAll(conversation.variables());
    variables.put("messages", conversation.messages());
    variables.put("tools", conversation.tools());
    variables.put("documents", null);
    variables.put("add_generation_prompt", conversation.addGenerationPrompt());
    Parsed chosen = chosen(conversation.tools() != null);
    if (chosen.template() == null) {
      throw chosen.failure() != null ? chosen.failure() : new IllegalStateException("no template");
    }
    return chosen.template().render(variables, now);
  }

  private Parsed chosen(boolean withTools) {
    Parsed special = withTools ? templates.get(WITH_TOOLS) : null;
    Parsed chosen = special != null ? special : templates.get(DEFAULT);
    if (chosen == null) {
      throw new IllegalStateException("templates without a default were not refused");
    }
    return chosen;
  }
}
