package dev.drey.operators.pipeline;

import dev.drey.operators.state.StoredParameters;
import dev.drey.operators.state.StoredSequence;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.schemas.DeadLetter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a stored sequence can go on: its record must become the request again that it was when
 * its tokens were made. Settings and files that requests depend on may have changed since.
 */
final class StoredRequests {
  private StoredRequests() {}

  /**
   * Compares a stored sequence with what its record is in this job.
   *
   * @return one line per difference; empty if it goes on, or is now a dead letter
   */
  static List<String> differences(StoredSequence stored, Admission now) {
    String record = stored.record().identity();
    SequenceRequest request = now.request();
    if (request == null) {
      return refusal(record, now.deadLetter());
    }
    if (stored.promptDigest() != StoredSequence.UNKNOWN_PROMPT
        && stored.promptDigest() != PromptDigest.of(request.promptIds())) {
      return List.of(
          "prompt of record %s: this job makes other tokens of it than the one before, by another"
                  .formatted(record)
              + " chat template, tokenizer or drey.request.date");
    }
    List<String> found = parameters(record, stored.parameters(), ParameterDigest.of(request));
    return found.isEmpty() ? progress(record, request, stored) : found;
  }

  /** A limit of the job that is lower than it was; other refusals are dead letters as ever. */
  private static List<String> refusal(String record, @Nullable DeadLetter letter) {
    return letter != null
            && letter.getErrorClass().equals(RequestProblem.INVALID_PARAMETER.errorClass())
        ? List.of(
            "record %s: the state has it half done, this job refuses it: %s"
                .formatted(record, letter.getMessage()))
        : List.of();
  }

  private static List<String> parameters(
      String record, @Nullable StoredParameters stored, StoredParameters now) {
    List<String> found = new ArrayList<>();
    if (stored == null) {
      return found;
    }
    if (stored.maxTokens() != now.maxTokens()) {
      found.add(
          "max_tokens of record %s: the state has %d, this job has %d, by"
                  .formatted(record, stored.maxTokens(), now.maxTokens())
              + " drey.request.default-max-tokens, drey.request.max-tokens or the model's"
              + " generation_config.json");
    }
    if (stored.seed() != now.seed()) {
      found.add(
          "seed of record %s: the state has %d, this job has %d, by drey.job.seed"
              .formatted(record, stored.seed(), now.seed()));
    }
    if (stored.others() != now.others()) {
      found.add(
          "sampling parameters of record %s: the state has those of digest %016x, this job has %016x,"
                  .formatted(record, stored.others(), now.others())
              + " by the model's generation_config.json");
    }
    return found;
  }

  /** State of earlier formats has no parameters; that it cannot go on shows only here. */
  private static List<String> progress(
      String record, SequenceRequest request, StoredSequence stored) {
    try {
      Sequence.restored(request, stored.progress());
      return List.of();
    } catch (IllegalArgumentException e) {
      return List.of(
          "parameters of record %s: %s, by drey.request.default-max-tokens, drey.request.max-tokens"
                  .formatted(record, e.getMessage())
              + " or the model's generation_config.json");
    }
  }
}
