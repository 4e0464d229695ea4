package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.it.testing.AdversarialRequests;
import dev.drey.it.testing.AnonymousMemory;
import dev.drey.it.testing.ForkedDrey;
import dev.drey.it.testing.ForkedJvm;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.synth.SyntheticModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The memory budget over ten minutes in which nothing stays where it is: the smallest budget that
 * drey names, so that no expert is still there when it is needed again; requests that need as many
 * experts as possible; a key/value pool too small for the sequences that share it.
 *
 * <p>The time is bounded from below by the pace of the link, whatever the machine: {@link #RECORDS}
 * move at least ten minutes' worth of bytes.
 */
@Tag("long")
class BudgetUnderChurnTest {
  private static final Duration PATIENCE = Duration.ofMinutes(45);
  private static final Duration LEAST = Duration.ofMinutes(10);
  private static final Duration SAMPLING = Duration.ofMillis(100);
  private static final int RECORDS = 190;
  private static final long LINK_BYTES_PER_SECOND = 1_000_000_000;
  private static final long MIB = 1 << 20;
  private static final Pattern LEAST_BUDGET =
      Pattern.compile("the smallest that works is (\\d+) bytes");

  @TempDir private static Path directory;

  @Test
  void anonymousMemoryStaysWithinHeapBudgetAndReserveForTenMinutes() throws Exception {
    Path model = directory.resolve("model");
    SyntheticModel.write(BudgetTest.MODEL, model);
    AdversarialRequests requests = AdversarialRequests.of(RECORDS, BudgetTest.MODEL.vocabulary());
    Path input = SamplePrompts.write(directory.resolve("in.jsonl"), requests.lines());
    long budget = leastBudget(model, input);

    AnonymousMemory memory;
    try (ForkedJvm process = start(model, input, String.valueOf(budget))) {
      memory = AnonymousMemory.watch(process, PATIENCE);
    }

    JsonNode summary = new ObjectMapper().readTree(directory.resolve("out/manifest.json").toFile());
    Duration elapsed = Duration.ofMillis(summary.path("elapsed_ms").asLong());
    long peak = summary.at("/memory/device/peak_bytes").asLong();
    long computed =
        summary.at("/steps/computed_tokens").asLong() + summary.at("/steps/reused_tokens").asLong();
    long besides = memory.mostBytes() - ForkedDrey.FIXED_HEAP_BYTES - budget;
    System.out.printf(
        "%d s, %d samples, %d ms apart at most: anonymous %.1f MiB at most = heap %d + budget %.1f"
            + " (reserved at most %.1f) + %.1f MiB of %d in reserve; %d experts moved, hit rate %.3f,"
            + " %d tokens computed or reused of %d%n",
        elapsed.toSeconds(),
        memory.samples(),
        memory.longestGap().toMillis(),
        mib(memory.mostBytes()),
        ForkedDrey.FIXED_HEAP_BYTES / MIB,
        mib(budget),
        mib(peak),
        mib(besides),
        BudgetTest.RUNTIME_RESERVE / MIB,
        summary.at("/experts/misses").asLong(),
        summary.at("/experts/hit_rate").asDouble(),
        computed,
        requests.tokens());
    assertThat(besides).as("besides heap and budget").isBetween(0L, BudgetTest.RUNTIME_RESERVE);
    assertThat(summary.at("/memory/device/budget_bytes").asLong()).isEqualTo(budget);
    assertThat(peak).as("most ever reserved").isBetween(1L, budget);
    assertThat(summary.at("/memory/device/used_bytes").asLong(-1)).as("given back").isZero();
    assertThat(summary.path("complete").asBoolean()).isTrue();
    assertThat(elapsed).as("the work of ten minutes; else raise RECORDS").isGreaterThan(LEAST);
    assertThat(memory.samples()).isGreaterThan(elapsed.dividedBy(SAMPLING));
    assertThat(summary.at("/experts/hit_rate").asDouble()).as("adversarial").isLessThan(0.1);
    assertThat(summary.at("/steps/reused_tokens").asLong()).as("shared prefixes").isPositive();
    assertThat(computed).as("preemptions compute tokens again").isGreaterThan(requests.tokens());
  }

  /** What a refusal says. */
  private static long leastBudget(Path model, Path input) throws Exception {
    try (ForkedJvm process = start(model, input, "1m")) {
      assertThat(process.awaitExit(PATIENCE)).isNotZero();
      Matcher least = LEAST_BUDGET.matcher(process.output());
      assertThat(least.find()).as(process.output()).isTrue();
      return Long.parseLong(least.group(1));
    }
  }

  private static ForkedJvm start(Path model, Path input, String budget) throws Exception {
    List<String> arguments =
        ForkedDrey.generating(
            model,
            input,
            directory.resolve("out"),
            "--device-memory",
            budget,
            "--kv-tokens",
            "1024",
            "-D",
            "drey.transfer.max-bytes-per-second=" + LINK_BYTES_PER_SECOND);
    return ForkedDrey.start(
        Files.createDirectories(directory.resolve("budget-" + budget)),
        ForkedDrey.FIXED_HEAP,
        arguments);
  }

  private static double mib(long bytes) {
    return (double) bytes / MIB;
  }
}
