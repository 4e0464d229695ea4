package dev.drey.runtime.bench;

import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.SequenceRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The requests of one phase: random token ids, the same for every case and round. Random, because
 * equal prompts would all be routed to the same few experts. In decoding the group decides how many
 * tokens may be produced, so that those read first still decode when those read last begin.
 */
final class WorkList {
  private WorkList() {}

  static List<SequenceRequest> of(
      Phase phase, SizedGroup group, BenchOptions options, int vocabulary) {
    SplittableRandom random = new SplittableRandom(options.seed());
    List<SequenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < options.sequences(); i++) {
      int[] ids = random.ints(options.promptTokens(), 0, vocabulary).toArray();
      String name = phase.label() + "-" + i;
      requests.add(
          switch (phase) {
            case PREFILL -> SequenceRequest.generate(name, ids, greedy(1));
            case DECODE ->
                SequenceRequest.generate(
                    name, ids, greedy(1 + options.maxTokens() + group.prefillSteps(options)));
            case SCORE -> SequenceRequest.score(name, ids, 1, 0);
          });
    }
    return requests;
  }

  private static SamplingParams greedy(int tokens) {
    return new SamplingParams(
        tokens, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), /* ignoreEos= */ true, 0, -1);
  }
}
