package dev.drey.runtime.synth;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Prompts of random tokens for a synthetic model, each of one topic if the model has topics. */
public final class SyntheticPrompts {
  private SyntheticPrompts() {}

  /**
   * Makes them up, the same ones every time. Topics take turns.
   *
   * @param spec of the model
   * @param topics of the model; 0 for none
   * @param count how many
   * @param tokens length of each
   */
  public static List<int[]> of(SyntheticSpec spec, int topics, int count, int tokens) {
    SplittableRandom random = new SplittableRandom(spec.seed());
    int kinds = Math.max(1, topics);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int topic = i % kinds;
      // Token 0 ends a text.
      int first = topic == 0 ? 1 : 0;
      int ids = (spec.vocabulary() - topic - 1) / kinds + 1;
      prompts.add(random.ints(tokens, first, ids).map(id -> topic + kinds * id).toArray());
    }
    return prompts;
  }
}
