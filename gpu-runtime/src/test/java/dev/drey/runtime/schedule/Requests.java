package dev.drey.runtime.schedule;

import dev.drey.runtime.sampling.Params;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Requests of every kind, drawn from a seed. */
final class Requests {
  private Requests() {}

  static int[] ids(SplittableRandom random, int count) {
    return random.ints(count, 0, FakeModel.VOCABULARY).toArray();
  }

  /** Requests of all lengths; two of three begin like others do. */
  static List<SequenceRequest> mixed(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<int[]> beginnings = List.of(ids(random, 14), ids(random, 19), new int[0]);
    List<SequenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = ids(random, random.nextInt(2, 26));
      int[] beginning = beginnings.get(random.nextInt(3));
      int shared = Math.min(random.nextInt(1, 20), Math.min(beginning.length, prompt.length));
      System.arraycopy(beginning, 0, prompt, 0, shared);
      requests.add(
          i % 4 == 3
              ? SequenceRequest.score(
                  "score-" + i, prompt, random.nextInt(1, prompt.length), random.nextInt(3) - 1)
              : SequenceRequest.generate("gen-" + i, prompt, sampling(random, i)));
    }
    return requests;
  }

  private static dev.drey.runtime.sampling.SamplingParams sampling(SplittableRandom random, int i) {
    int maxTokens = random.nextInt(1, 22);
    Params params =
        new Params()
            .maxTokens(maxTokens)
            .logprobs(random.nextInt(4) - 1)
            .seed(random.nextLong())
            .minTokens(random.nextInt(3) == 0 ? random.nextInt(maxTokens + 1) : 0);
    if (i % 3 > 0) {
      params
          .temperature(1)
          .topK(random.nextInt(2) * 9)
          .topP(random.nextBoolean() ? 1 : 0.9)
          .repetitionPenalty(random.nextBoolean() ? 1 : 1.2)
          .frequencyPenalty(random.nextBoolean() ? 0 : 0.4);
    }
    switch (random.nextInt(4)) {
      case 0 -> params.stop("ab", "e", "fgh");
      case 1 -> params.stop("aa", "bc").stopTokenId(5).stopTokenId(500);
      case 2 -> params.ignoreEos();
      default -> {}
    }
    return params.build();
  }
}
