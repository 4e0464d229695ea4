package dev.drey.schemas.serde;

import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.util.ArrayList;
import java.util.List;

/** What a request asks for, told by which input fields are present. */
public enum RequestKind {
  /** Continue {@code prompt} or {@code prompt_token_ids}. */
  GENERATE,
  /** Continue a conversation, {@code messages}. */
  CHAT,
  /** Log-likelihood of {@code continuation} after {@code context}. */
  SCORE,
  /** Log-likelihood of {@code text} as a whole. */
  SCORE_ROLLING;

  private static final List<String> INPUTS =
      List.of("prompt", "prompt_token_ids", "messages", "context", "continuation", "text");

  /** Fields that say something about a conversation. */
  private static final List<String> CHAT_ONLY =
      List.of("tools", "chat_template_kwargs", "add_generation_prompt");

  /** Fields a scoring request may have besides its input; every other is about generation. */
  private static final List<String> COMMON = List.of("custom_id", "model", "deadline_ms");

  private static final String WANTED =
      "exactly one of prompt, prompt_token_ids, messages, context with continuation, text";

  /**
   * The kind of a request.
   *
   * @throws RecordFormatException if the input is absent, incomplete or given twice, or if a
   *     scoring request has a parameter of generation, or one without messages has one of
   *     conversations, which would have no effect; it carries the {@code custom_id}
   */
  public static RequestKind of(InferenceRequest request) throws RecordFormatException {
    List<String> inputs = new ArrayList<>(INPUTS);
    inputs.removeIf(name -> value(request, name) == null);
    RequestKind kind =
        switch (String.join("+", inputs)) {
          case "prompt", "prompt_token_ids" -> GENERATE;
          case "messages" -> CHAT;
          case "context+continuation" -> SCORE;
          case "text" -> SCORE_ROLLING;
          case "context", "continuation" -> throw missing(request, inputs.get(0));
          case "" -> throw missing(request, "none of them");
          default ->
              throw new RecordFormatException(
                      Problem.CONFLICTING_FIELDS, "input", WANTED, String.join(" and ", inputs))
                  .of(request.getCustomId());
        };
    if (kind == SCORE || kind == SCORE_ROLLING) {
      refuseGenerationParameters(request, inputs);
    }
    if (kind == GENERATE) {
      refuseChatParameters(request);
    }
    return kind;
  }

  private static RecordFormatException missing(InferenceRequest request, String found) {
    return new RecordFormatException(
            Problem.MISSING_FIELD,
            "input",
            WANTED,
            INPUTS.contains(found) ? found + " alone" : found)
        .of(request.getCustomId());
  }

  private static void refuseGenerationParameters(InferenceRequest request, List<String> inputs)
      throws RecordFormatException {
    for (var field : request.getSchema().getFields()) {
      String name = field.name();
      if (!inputs.contains(name) && !COMMON.contains(name) && value(request, name) != null) {
        throw new RecordFormatException(
                Problem.UNSUPPORTED_FIELD,
                name,
                "no parameter of generation in a record that scores "
                    + String.join(" and ", inputs),
                "one")
            .of(request.getCustomId());
      }
    }
  }

  private static void refuseChatParameters(InferenceRequest request) throws RecordFormatException {
    for (String name : CHAT_ONLY) {
      if (value(request, name) != null) {
        throw new RecordFormatException(
                Problem.UNSUPPORTED_FIELD, name, "it beside messages only", "it without them")
            .of(request.getCustomId());
      }
    }
  }

  private static Object value(InferenceRequest request, String name) {
    return request.get(request.getSchema().getField(name).pos());
  }
}
