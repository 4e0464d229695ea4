package dev.drey.schemas.json;

import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.util.Map;
import java.util.Set;

/** Names that the OpenAI and vLLM interfaces have and Drey has not. */
final class UnsupportedFields {
  private static final String LEAVE_OUT = "it is not supported: leave it out";
  private static final String ONE_PER_RECORD =
      "it is not supported: send one record per completion";

  private static final Map<String, String> ADVICE =
      Map.of(
          "chat_template", "it is not supported: the model's own template is used",
          "reasoning_effort", "it is not supported: put it into chat_template_kwargs",
          "best_of", ONE_PER_RECORD,
          "n", ONE_PER_RECORD,
          "stream", "it is not supported: a result is one record",
          "top_logprobs", "it is not supported: logprobs is the number of alternatives");

  /** OpenAI completions and chat, then vLLM's additions. */
  private static final Set<String> NAMES =
      Set.of(
          "echo",
          "logit_bias",
          "suffix",
          "user",
          "stream_options",
          "tool_choice",
          "parallel_tool_calls",
          "functions",
          "function_call",
          "response_format",
          "metadata",
          "store",
          "service_tier",
          "modalities",
          "audio",
          "prediction",
          "verbosity",
          "prompt_cache_key",
          "safety_identifier",
          "web_search_options",
          "input",
          "beam_width",
          "use_beam_search",
          "length_penalty",
          "include_stop_str_in_output",
          "skip_special_tokens",
          "spaces_between_special_tokens",
          "truncate_prompt_tokens",
          "allowed_token_ids",
          "bad_words",
          "prompt_logprobs",
          "prompt_embeds",
          "add_special_tokens",
          "guided_json",
          "guided_regex",
          "guided_choice",
          "guided_grammar",
          "guided_decoding_backend",
          "guided_whitespace_pattern",
          "structured_outputs",
          "logits_processors",
          "priority",
          "request_id",
          "return_token_ids",
          "return_tokens_as_token_ids",
          "cache_salt",
          "kv_transfer_params",
          "vllm_xargs",
          "early_stopping",
          "detokenize",
          "continue_final_message",
          "documents",
          "mm_processor_kwargs",
          "lora_request",
          "do_sample",
          "num_beams");

  private UnsupportedFields() {}

  /**
   * Does nothing if the name is none of these.
   *
   * @throws RecordFormatException saying what to do instead
   */
  static void refuse(String name) throws RecordFormatException {
    if (ADVICE.containsKey(name) || NAMES.contains(name)) {
      throw refusal(name, "no such parameter", "one");
    }
  }

  /** The refusal of one of these names, with advice. */
  static RecordFormatException refusal(String name, String expected, String found) {
    return new RecordFormatException(
        Problem.UNSUPPORTED_FIELD,
        name,
        expected,
        found + " (" + ADVICE.getOrDefault(name, LEAVE_OUT) + ")");
  }
}
