package dev.drey.runtime.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template is given. Values are plain: null, truth values, numbers, texts, lists, and
 * maps with texts as keys.
 *
 * @param messages each with at least a {@code role}
 * @param tools descriptions of functions, as in the OpenAI interface; null if there are none
 * @param addGenerationPrompt whether the prompt is to end where the assistant begins to speak
 * @param variables further variables, such as {@code enable_thinking}
 */
public record Conversation(
    List<Map<String, @Nullable Object>> messages,
    @Nullable List<Object> tools,
    boolean addGenerationPrompt,
    Map<String, @Nullable Object> variables) {

  /** Variables with a meaning of their own, which {@code variables} cannot have. */
  public static final Set<String> RESERVED =
      Set.of(
          "messages",
          "tools",
          "documents",
          "add_generation_prompt",
          "continue_final_message",
          "chat_template",
          "tokenize",
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token",
          "additional_special_tokens");

  /**
   * Copies the lists and the map.
   *
   * @throws IllegalArgumentException if a further variable is {@link #RESERVED}
   */
  public Conversation {
    messages = List.copyOf(messages);
    tools = tools == null ? null : new ArrayList<>(tools);
    variables = new LinkedHashMap<>(variables);
    for (String name : variables.keySet()) {
      if (RESERVED.contains(name)) {
        throw new IllegalArgumentException("the template variable '" + name + "' cannot be given");
      }
    }
  }
}
