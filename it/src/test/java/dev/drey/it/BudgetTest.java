package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.it.testing.AnonymousMemory;
import dev.drey.it.testing.ForkedDrey;
import dev.drey.it.testing.ForkedJvm;
import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.synth.SyntheticModel;
import dev.drey.runtime.synth.SyntheticSpec;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The memory budget as Linux sees it, and as a slot that opens sees it. */
class BudgetTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final long MIB = 1 << 20;
  private static final int PROMPTS = 32;
  private static final int PROMPT_TOKENS = 64;
  private static final int KV_TOKENS = PROMPTS * 2 * PROMPT_TOKENS;

  /** 500 MB of experts. All of them are touched by prompts of random tokens. */
  static final SyntheticSpec MODEL = new SyntheticSpec(512, 4, 64, 4, 640, 8, 2, 64, 4096, 512, 1);

  /**
   * What the virtual machine, Flink and the tokenizer hold outside heap and budget at most, as
   * stated in docs/memory.md.
   */
  static final long RUNTIME_RESERVE = 384 * MIB;

  @Test
  void anonymousMemoryInFlightStaysWithinHeapBudgetAndReserve(@TempDir Path directory)
      throws Exception {
    Path model = directory.resolve("model");
    SyntheticModel.write(MODEL, model);
    Path input =
        SamplePrompts.write(
            directory.resolve("in.jsonl"),
            SamplePrompts.randomTokens(PROMPTS, PROMPT_TOKENS, MODEL.vocabulary(), PROMPT_TOKENS));
    long most;
    try (ForkedJvm process =
        ForkedDrey.start(
            directory,
            ForkedDrey.FIXED_HEAP,
            ForkedDrey.generating(
                model,
                input,
                directory.resolve("out"),
                "--kv-tokens",
                String.valueOf(KV_TOKENS),
                "--json"))) {
      most = AnonymousMemory.watch(process, PATIENCE).mostBytes();
    }
    JsonNode summary = new ObjectMapper().readTree(directory.resolve("out/manifest.json").toFile());
    long budget = summary.at("/memory/device/budget_bytes").asLong();
    assertThat(summary.at("/memory/device/peak_bytes").asLong()).isBetween(1L, budget);
    long besides = most - ForkedDrey.FIXED_HEAP_BYTES - budget;
    System.out.printf(
        "anonymous %d MiB at most = heap %d + budget %d + %d MiB of %d in reserve%n",
        most / MIB,
        ForkedDrey.FIXED_HEAP_BYTES / MIB,
        budget / MIB,
        besides / MIB,
        RUNTIME_RESERVE / MIB);
    assertThat(budget).as("a budget that matters beside the reserve").isGreaterThan(400 * MIB);
    assertThat(besides).as("besides heap and budget").isBetween(0L, RUNTIME_RESERVE);
  }

  @Test
  void aSlotRefusesABudgetThatIsTooSmallAndIsNotRestarted(@TempDir Path directory)
      throws Exception {
    Path input =
        SamplePrompts.write(directory.resolve("in.jsonl"), SamplePrompts.greedyShort(1, 1));
    try (InProcessCluster cluster = InProcessCluster.start(1)) {
      JobID job =
          cluster.submit(
              SampleJob.onSampleModel()
                  .with("drey.memory.device", "8m")
                  .restarts(5)
                  .fromFile(input, directory.resolve("parts")));

      assertThatThrownBy(() -> cluster.await(job))
          .hasStackTraceContaining("8388608 bytes is too small: the smallest that works is");
      for (AccessExecutionVertex task : cluster.graph(job).getAllExecutionVertices()) {
        assertThat(task.getCurrentExecutionAttempt().getAttemptNumber()).isZero();
      }
    }
  }
}
