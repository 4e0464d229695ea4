package dev.drey.operators.pipeline;

import dev.drey.runtime.chat.Conversation;
import dev.drey.runtime.chat.PlainJson;
import dev.drey.schemas.ChatMessage;
import dev.drey.schemas.FunctionCall;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.ToolCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Conversations of requests as chat templates are given them: as the OpenAI interface writes them,
 * but with the arguments of calls as objects instead of text, which is what templates expect.
 */
final class Conversations {
  private Conversations() {}

  /**
   * The conversation of a request that has {@code messages}.
   *
   * @throws RefusedRequestException if there are none, or a text that should be a JSON object is
   *     none
   */
  static Conversation of(InferenceRequest wire) throws RefusedRequestException {
    List<ChatMessage> given = wire.getMessages();
    if (given.isEmpty()) {
      throw invalid("messages: expected at least one, found none");
    }
    List<Map<String, @Nullable Object>> messages = new ArrayList<>();
    for (ChatMessage message : given) {
      messages.add(message(message, "messages[" + messages.size() + "]"));
    }
    Boolean addGenerationPrompt = wire.getAddGenerationPrompt();
    Map<String, @Nullable Object> variables = variables(wire.getChatTemplateKwargs());
    return new Conversation(
        messages,
        tools(wire.getTools()),
        addGenerationPrompt == null || addGenerationPrompt,
        variables);
  }

  private static Map<String, @Nullable Object> message(ChatMessage message, String where)
      throws RefusedRequestException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("role", message.getRole());
    map.put("content", message.getContent());
    putIfThere(map, "name", message.getName());
    putIfThere(map, "reasoning_content", message.getReasoningContent());
    putIfThere(map, "thinking", message.getThinking());
    if (message.getToolCalls() != null) {
      List<Object> calls = new ArrayList<>();
      for (ToolCall call : message.getToolCalls()) {
        calls.add(call(call, where + ".tool_calls[" + calls.size() + "]"));
      }
      map.put("tool_calls", calls);
    }
    putIfThere(map, "tool_call_id", message.getToolCallId());
    return map;
  }

  private static Map<String, @Nullable Object> call(ToolCall call, String where)
      throws RefusedRequestException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    putIfThere(map, "id", call.getId());
    putIfThere(map, "type", call.getType());
    FunctionCall called = call.getFunction();
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", called.getName());
    String arguments = called.getArguments();
    // Clients write calls without arguments as an empty text.
    function.put(
        "arguments",
        arguments.isEmpty() ? Map.of() : object(arguments, where + ".function.arguments"));
    map.put("function", function);
    return map;
  }

  private static @Nullable List<Object> tools(@Nullable List<String> given)
      throws RefusedRequestException {
    if (given == null) {
      return null;
    }
    List<Object> tools = new ArrayList<>();
    for (String tool : given) {
      tools.add(object(tool, "tools[" + tools.size() + "]"));
    }
    return tools;
  }

  private static Map<String, @Nullable Object> variables(@Nullable String given)
      throws RefusedRequestException {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    if (given != null) {
      object(given, "chat_template_kwargs")
          .forEach((name, value) -> variables.put(String.valueOf(name), value));
    }
    for (String name : variables.keySet()) {
      if (Conversation.RESERVED.contains(name)) {
        throw invalid("chat_template_kwargs." + name + ": expected no value for it, found one");
      }
    }
    return variables;
  }

  private static Map<?, ?> object(String json, String where) throws RefusedRequestException {
    try {
      if (PlainJson.parse(json) instanceof Map<?, ?> map) {
        return map;
      }
      throw invalid(where + ": expected a JSON object, found another value");
    } catch (IllegalArgumentException e) {
      throw invalid(where + ": expected the text of a JSON object (" + e.getMessage() + ")");
    }
  }

  private static void putIfThere(
      Map<String, @Nullable Object> map, String key, @Nullable String value) {
    if (value != null) {
      map.put(key, value);
    }
  }

  private static RefusedRequestException invalid(String message) {
    return new RefusedRequestException(RequestProblem.INVALID_PARAMETER, message);
  }
}
