package dev.drey.operators.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.records.Outcome;
import dev.drey.schemas.InferenceResult;
import java.util.List;

/** Requests as the sources of the tests write them, and what must come of them. */
public final class Requests {
  private Requests() {}

  /** A greedy request whose prompt depends on its place. */
  public static String greedy(int partition, long offset, int tokens) {
    return "{\"custom_id\":\"c%d-%d\",\"prompt\":\"%s\",\"max_tokens\":%d}"
        .formatted(partition, offset, prompt(partition, offset), tokens);
  }

  private static String prompt(int partition, long offset) {
    return "prompt " + partition + " number " + offset;
  }

  /** Asserts one right result for each place and nothing else. */
  public static void assertAllAnswered(List<Outcome> outcomes, ListSource source, int tokens) {
    assertThat(outcomes).extracting(o -> o.origin().identity()).doesNotHaveDuplicates();
    assertThat(outcomes).hasSize((int) (source.partitions() * source.perPartition()));
    outcomes.forEach(outcome -> assertAnswered(outcome, tokens));
  }

  /** Asserts that an outcome is the result of the request at its place. */
  public static void assertAnswered(Outcome outcome, int tokens) {
    int partition = outcome.origin().partition();
    long offset = outcome.origin().offset();
    InferenceResult result = outcome.result();
    assertThat(result).as(outcome.toString()).isNotNull();
    if (result != null) {
      assertThat(result.getCustomId()).isEqualTo("c%d-%d".formatted(partition, offset));
      assertThat(result.getId()).isEqualTo(outcome.origin().identity());
      assertThat(result.getText())
          .isEqualTo(ToyModel.continuation(prompt(partition, offset), tokens));
      assertThat(result.getFinishReason()).isEqualTo("length");
      assertThat(result.getUsage().getCompletionTokens()).isEqualTo(tokens);
    }
  }
}
