package dev.drey.operators.pipeline;

import dev.drey.operators.pipeline.PromptText.Pair;
import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.slot.EngineFacts;
import dev.drey.operators.slot.SlotEngine;
import dev.drey.runtime.chat.ChatTemplates;
import dev.drey.runtime.chat.Conversation;
import dev.drey.runtime.jinja.JinjaException;
import dev.drey.runtime.jinja.JinjaException.Problem;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.serde.RecordCodec;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RequestKind;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns an input record into a request the engine can serve, or into a dead letter. Reading depends
 * on the record, the settings and the model only, so a record restored from a checkpoint becomes
 * the same request again.
 */
final class RequestReader {
  private final RecordCodec<InferenceRequest> codec;
  private final RequestLimits limits;
  private final ParameterRules parameters;
  private final Set<String> modelNames;
  private final EngineFacts facts;
  private final SlotEngine engine;
  private final Function<String, int[]> encoder;
  private final RequestTime time;

  /**
   * @param modelNames names a request may give the model, besides the engine's own
   * @param time the time that chat templates are told
   */
  RequestReader(
      RecordCodec<InferenceRequest> codec,
      RequestLimits limits,
      Set<String> modelNames,
      long jobSeed,
      RequestTime time,
      SlotEngine engine) {
    this.codec = codec;
    this.limits = limits;
    this.modelNames = modelNames;
    this.facts = engine.facts();
    this.engine = engine;
    this.encoder = text -> engine.encode(text, false);
    this.time = time;
    this.parameters = new ParameterRules(limits, facts, jobSeed);
  }

  /** Reads a record. */
  Admission read(SourceRecord record) {
    InferenceRequest wire;
    try {
      wire = codec.decode(record.value());
    } catch (RecordFormatException e) {
      return Admission.refused(record, DeadLetters.of(record, e));
    }
    try {
      return Admission.of(record, wire.getCustomId(), request(record, wire));
    } catch (RecordFormatException e) {
      return Admission.refused(record, DeadLetters.of(record, e));
    } catch (RefusedRequestException e) {
      return Admission.refused(record, DeadLetters.of(record, wire.getCustomId(), e));
    }
  }

  private SequenceRequest request(SourceRecord record, InferenceRequest wire)
      throws RecordFormatException, RefusedRequestException {
    String model = wire.getModel();
    if (model != null && !model.equals(facts.identity().model()) && !modelNames.contains(model)) {
      throw new RefusedRequestException(
          RequestProblem.UNKNOWN_MODEL,
          "model: expected '%s' or none, found another name of %d characters"
              .formatted(facts.identity().model(), model.length()));
    }
    if (wire.getDeadlineMs() != null) {
      throw new RefusedRequestException(
          RequestProblem.UNSUPPORTED_PARAMETER, "deadline_ms is not supported; leave it out");
    }
    SequenceRequest request =
        switch (RequestKind.of(wire)) {
          case GENERATE ->
              generate(record, wire, promptIds(wire.getPrompt(), wire.getPromptTokenIds()));
          case CHAT -> generate(record, wire, chatIds(record, wire));
          case SCORE -> score(record, wire.getContext(), wire.getContinuation());
          case SCORE_ROLLING -> scoreWhole(record, wire.getText());
        };
    requirePool(request);
    return request;
  }

  private SequenceRequest generate(SourceRecord record, InferenceRequest wire, int[] prompt)
      throws RefusedRequestException {
    requirePrompt(prompt);
    String customId = wire.getCustomId();
    String name = customId != null ? customId : record.identity();
    SamplingParams sampling = parameters.resolve(wire, prompt, name);
    return SequenceRequest.generate(record.identity(), prompt, sampling);
  }

  private int[] promptIds(@Nullable String prompt, @Nullable List<Integer> given)
      throws RefusedRequestException {
    int[] ids;
    if (prompt != null) {
      ids = encode(prompt, true);
    } else if (given != null) {
      ids = given.stream().mapToInt(Integer::intValue).toArray();
    } else {
      throw new IllegalStateException("a request to generate has a prompt or token ids");
    }
    return ids;
  }

  /** The template has put special tokens where the model wants them; no more are added. */
  private int[] chatIds(SourceRecord record, InferenceRequest wire) throws RefusedRequestException {
    ChatTemplates templates =
        engine
            .chatTemplates()
            .orElseThrow(
                () ->
                    new RefusedRequestException(
                        RequestProblem.NO_CHAT_TEMPLATE,
                        "the model has no chat template: send prompt, or add chat_template.jinja"
                            + " to its directory"));
    Conversation conversation = Conversations.of(wire);
    return encode(rendered(() -> templates.render(conversation, time.of(record))), false);
  }

  /** What an exception other than the template's own says may quote its input, as below. */
  static String rendered(Supplier<String> rendering) throws RefusedRequestException {
    try {
      return rendering.get();
    } catch (JinjaException e) {
      throw e.problem() == Problem.RAISED
          ? new RefusedRequestException(
              RequestProblem.CONVERSATION_REFUSED, "the chat template says: " + e.getMessage())
          : new RefusedRequestException(
              RequestProblem.CHAT_TEMPLATE_FAILED, "chat template, " + e.getMessage());
    } catch (RuntimeException e) {
      throw new RefusedRequestException(
          RequestProblem.CHAT_TEMPLATE_FAILED,
          "the chat template failed on the conversation with " + e.getClass().getSimpleName());
    }
  }

  private void requirePrompt(int[] ids) throws RefusedRequestException {
    if (ids.length == 0) {
      throw new RefusedRequestException(
          RequestProblem.EMPTY_PROMPT, "the prompt is empty; expected at least one token");
    }
    int vocabulary = facts.limits().vocabulary();
    int outside = PromptText.firstOutside(ids, vocabulary);
    if (outside >= 0) {
      throw new RefusedRequestException(
          RequestProblem.INVALID_TOKEN_ID,
          "token id %d at index %d: expected 0 to %d"
              .formatted(ids[outside], outside, vocabulary - 1));
    }
  }

  private SequenceRequest score(SourceRecord record, String context, String continuation)
      throws RefusedRequestException {
    requireText(context + continuation);
    Pair pair = tokenized(() -> PromptText.pair(context, continuation, encoder));
    if (pair.scoreFrom() == 0 && pair.ids().length > 0) {
      int begin =
          facts
              .beginToken()
              .orElseThrow(
                  () ->
                      new RefusedRequestException(
                          RequestProblem.NOTHING_TO_SCORE,
                          "the context has no token and the model has none to begin a text with;"
                              + " give a context"));
      pair = PromptText.begunWith(begin, pair);
    }
    return scoring(record, pair.ids(), pair.scoreFrom());
  }

  private SequenceRequest scoreWhole(SourceRecord record, String text)
      throws RefusedRequestException {
    return scoring(record, encode(text, false), 1);
  }

  private SequenceRequest scoring(SourceRecord record, int[] ids, int scoreFrom)
      throws RefusedRequestException {
    if (scoreFrom >= ids.length) {
      throw new RefusedRequestException(
          RequestProblem.NOTHING_TO_SCORE,
          "%d tokens, scored from index %d: expected at least one to score"
              .formatted(ids.length, scoreFrom));
    }
    if (ids.length > facts.limits().maxPositions()) {
      throw new RefusedRequestException(
          RequestProblem.CONTEXT_EXCEEDED,
          "%d tokens to score: expected at most the %d the model supports"
              .formatted(ids.length, facts.limits().maxPositions()));
    }
    return SequenceRequest.score(record.identity(), ids, scoreFrom, 0);
  }

  private int[] encode(String text, boolean addSpecialTokens) throws RefusedRequestException {
    requireText(text);
    return tokenized(() -> engine.encode(text, addSpecialTokens));
  }

  private void requireText(String text) throws RefusedRequestException {
    if (!engine.hasTokenizer()) {
      throw new RefusedRequestException(
          RequestProblem.NO_TOKENIZER, "the model has no tokenizer: send prompt_token_ids");
    }
    long bytes = PromptText.utf8Bytes(text);
    if (bytes > limits.maxPromptBytes()) {
      throw new RefusedRequestException(
          RequestProblem.PROMPT_TOO_LARGE,
          "text of %d bytes: expected at most %d".formatted(bytes, limits.maxPromptBytes()));
    }
  }

  /** What a tokenizer's exception says may quote its input, so it is not repeated. */
  private static <T> T tokenized(Supplier<T> encoding) throws RefusedRequestException {
    try {
      return encoding.get();
    } catch (RuntimeException e) {
      throw new RefusedRequestException(
          RequestProblem.TOKENIZER_FAILED,
          "the tokenizer failed on the text with " + e.getClass().getSimpleName());
    }
  }

  private void requirePool(SequenceRequest request) throws RefusedRequestException {
    if (request.storedTokens() > facts.poolTokens()) {
      throw new RefusedRequestException(
          RequestProblem.POOL_EXCEEDED,
          ("keys and values of %d tokens: expected at most the %d the whole pool holds; raise the"
                  + " memory for keys and values")
              .formatted(request.storedTokens(), facts.poolTokens()));
    }
  }
}
