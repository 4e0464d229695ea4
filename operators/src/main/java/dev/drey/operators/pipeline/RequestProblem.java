package dev.drey.operators.pipeline;

import java.util.Locale;

/**
 * Why a well-formed record cannot be served. The names are stable and may be counted and routed by;
 * records that are not well-formed have the {@code format.*} classes of the codecs.
 */
enum RequestProblem {
  /** A parameter is out of range. */
  INVALID_PARAMETER(false),
  /** A parameter that is not supported. */
  UNSUPPORTED_PARAMETER(false),
  /** The record asks for another model. */
  UNKNOWN_MODEL(false),
  /** Nothing to continue. */
  EMPTY_PROMPT(false),
  /** More bytes of text than allowed. */
  PROMPT_TOO_LARGE(false),
  /** More tokens than the model supports. */
  CONTEXT_EXCEEDED(false),
  /** A token id that the model does not have. */
  INVALID_TOKEN_ID(false),
  /** No token whose probability could be given. */
  NOTHING_TO_SCORE(false),
  /** More keys and values than the whole pool holds; a job with more memory can serve it. */
  POOL_EXCEEDED(true),
  /** Text for a model that takes token ids only. */
  NO_TOKENIZER(false),
  /** The tokenizer cannot read the text. */
  TOKENIZER_FAILED(false),
  /** A conversation for a model without a chat template. */
  NO_CHAT_TEMPLATE(false),
  /** The model's chat template raised an exception for this conversation. */
  CONVERSATION_REFUSED(false),
  /** The model's chat template cannot be read, fails on this conversation, or takes too long. */
  CHAT_TEMPLATE_FAILED(false);

  private final boolean retriable;

  RequestProblem(boolean retriable) {
    this.retriable = retriable;
  }

  /** Whether the same record may succeed later without being changed. */
  boolean retriable() {
    return retriable;
  }

  /** Stable name for the dead letter's {@code error_class}, as {@code request.empty_prompt}. */
  String errorClass() {
    return "request." + name().toLowerCase(Locale.ROOT);
  }
}
