package dev.drey.runtime.schedule;

import dev.drey.runtime.schedule.SequenceRequest.Kind;
import java.util.ArrayList;
import java.util.List;

/** Says before admission whether a request can ever be served. Pure. */
final class RequestCheck {
  private final ModelLimits limits;
  private final long poolTokens;

  /**
   * @param poolTokens tokens the key/value pool holds for a sequence that is alone
   */
  RequestCheck(ModelLimits limits, long poolTokens) {
    this.limits = limits;
    this.poolTokens = poolTokens;
  }

  /** Everything that is wrong with the request, without any of its content; empty if nothing is. */
  List<String> violations(SequenceRequest request) {
    List<String> found = new ArrayList<>(request.sampling().violations());
    checkPrompt(request, found);
    if (request.kind() == Kind.SCORE) {
      checkScore(request, found);
    } else {
      checkLength(request, found);
    }
    if (request.storedTokens() > poolTokens) {
      found.add(
          "needs keys and values of %d tokens, and the whole pool holds %d; raise the memory for keys and values"
              .formatted(request.storedTokens(), poolTokens));
    }
    return found;
  }

  private void checkPrompt(SequenceRequest request, List<String> found) {
    int[] ids = request.promptIds();
    if (ids.length == 0) {
      found.add("the prompt is empty; expected at least one token");
    }
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= limits.vocabulary()) {
        found.add(
            "token id %d at index %d is not in the vocabulary of %d"
                .formatted(ids[i], i, limits.vocabulary()));
        return;
      }
    }
  }

  private void checkScore(SequenceRequest request, List<String> found) {
    int length = request.promptIds().length;
    if (request.scoreFrom() < 1 || request.scoreFrom() >= length) {
      found.add(
          "scoring from index %d of %d tokens; expected an index from 1 to the last"
              .formatted(request.scoreFrom(), length));
    }
    if (length > limits.maxPositions()) {
      found.add(
          "%d tokens to score, and the model supports %d".formatted(length, limits.maxPositions()));
    }
  }

  private void checkLength(SequenceRequest request, List<String> found) {
    int prompt = request.promptIds().length;
    long total = prompt + (long) request.sampling().maxTokens();
    if (total > limits.maxPositions()) {
      found.add(
          "prompt of %d tokens + max_tokens %d = %d, and the model supports %d"
              .formatted(prompt, request.sampling().maxTokens(), total, limits.maxPositions()));
    }
  }
}
