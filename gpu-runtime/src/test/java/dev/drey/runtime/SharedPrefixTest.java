package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.Params;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceProgress;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real models on real devices: whoever shares a prefix, loses its blocks, or does neither, the
 * results have the same bits.
 */
class SharedPrefixTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final int BLOCK = EngineMemory.KV_BLOCK_TOKENS;
  private static final int AMPLE = 40 * BLOCK;
  private static final int TIGHT = 7 * BLOCK;

  /** Grouped-query, sliding, chunked and latent attention, and positions by length. */
  static Stream<Arguments> sharing() {
    return Stream.of(
        Arguments.of(GOLDEN.resolve("qwen3_moe"), "cpu"),
        Arguments.of(GOLDEN.resolve("gpt_oss"), "cpu"),
        Arguments.of(GOLDEN.resolve("llama4_text"), "cpu"),
        Arguments.of(GOLDEN.resolve("deepseek_v3"), "cpu"),
        Arguments.of(GOLDEN.resolve("phimoe"), "cpu"),
        Arguments.of(GOLDEN.resolve("phimoe"), "reference"));
  }

  @ParameterizedTest
  @MethodSource("sharing")
  void neitherSharingNorPreemptionChangesABit(Path model, String device) throws IOException {
    for (ComputeType compute : ComputeType.values()) {
      checkInvariance(model, device, compute, 320);
    }
  }

  private static void checkInvariance(
      Path model, String device, ComputeType compute, int vocabulary) throws IOException {
    List<SequenceRequest> requests = requests(vocabulary);
    ScheduleConfig alone = new ScheduleConfig(1, 1, 256, 256, Long.MAX_VALUE);
    Run expected = run(model, device, compute, alone.withoutPrefixReuse(), AMPLE, requests);
    assertThat(expected.reused).isZero();
    for (ScheduleConfig schedule :
        List.of(
            new ScheduleConfig(8, 4, 96, 48, Long.MAX_VALUE),
            new ScheduleConfig(5, 2, 40, 7, Long.MAX_VALUE))) {
      for (int kvTokens : new int[] {AMPLE, TIGHT}) {
        Run sharing = run(model, device, compute, schedule, kvTokens, requests);
        assertThat(sharing.reused).as("%s, %d tokens", schedule, kvTokens).isPositive();
        assertThat(sharing.outcomes).isEqualTo(expected.outcomes);
      }
      Run preempted = run(model, device, compute, schedule.withoutPrefixReuse(), TIGHT, requests);
      assertThat(preempted.preemptions).isPositive();
      assertThat(preempted.outcomes).isEqualTo(expected.outcomes);
    }
  }

  /** What came out, as text that holds every bit, and what happened on the way. */
  private record Run(Map<String, String> outcomes, long reused, long preemptions) {}

  private static Run run(
      Path model,
      String device,
      ComputeType compute,
      ScheduleConfig schedule,
      int kvTokens,
      List<SequenceRequest> requests)
      throws IOException {
    EngineConfig config =
        new EngineConfig(
            model.toString(),
            device,
            compute,
            2,
            null,
            MemorySize.ofPercent(50),
            kvTokens,
            "gate.next-layer",
            "classic.lru",
            schedule,
            TransferConfig.DEFAULT);
    try (MoeEngine engine = MoeEngine.open(config)) {
      Map<String, String> outcomes = new TreeMap<>();
      DecodeLoop loop = new DecodeLoop(engine);
      for (SequenceRequest request : requests) {
        while (loop.scheduler().free() == 0) {
          step(loop, outcomes);
        }
        loop.scheduler().admit(Sequence.fresh(request));
      }
      while (!loop.scheduler().isEmpty()) {
        step(loop, outcomes);
      }
      assertThat(engine.stats().kvBlocksUsed()).isZero();
      assertThat(engine.stats().peakBytes()).isLessThanOrEqualTo(engine.stats().budgetBytes());
      return new Run(outcomes, engine.stats().reusedTokens(), loop.scheduler().preemptions());
    }
  }

  private static void step(DecodeLoop loop, Map<String, String> outcomes) {
    loop.step(done -> outcomes.put(done.request().id(), describe(done)));
    loop.scheduler().check();
  }

  private static String describe(Sequence sequence) {
    SequenceProgress progress = sequence.progress();
    List<String> bits = new ArrayList<>();
    for (float logprob : progress.logprobs()) {
      bits.add(Integer.toHexString(Float.floatToRawIntBits(logprob)));
    }
    for (float logprob : progress.topLogprobs()) {
      bits.add(Integer.toHexString(Float.floatToRawIntBits(logprob)));
    }
    return Arrays.toString(progress.outputIds())
        + Arrays.toString(progress.topIds())
        + bits
        + sequence.finishReason();
  }

  /** Generating and scoring, greedy and sampled; all but one begin like others do. */
  private static List<SequenceRequest> requests(int vocabulary) {
    SplittableRandom random = new SplittableRandom(7);
    int[] beginning = random.ints(2 * BLOCK + 10, 0, vocabulary).toArray();
    List<SequenceRequest> requests = new ArrayList<>();
    // as long as a short sequence gets where positions are embedded by length, and a whole block
    requests.add(SequenceRequest.score("short", Arrays.copyOf(beginning, BLOCK + 1), BLOCK - 5, 1));
    for (int i = 0; i < 9; i++) {
      int shared = i == 8 ? 0 : i % 3 == 2 ? BLOCK + 3 : beginning.length;
      int[] prompt = Arrays.copyOf(beginning, shared + 4 + i);
      for (int at = shared; at < prompt.length; at++) {
        prompt[at] = random.nextInt(vocabulary);
      }
      Params params = new Params().maxTokens(BLOCK).logprobs(1).seed(i).ignoreEos();
      requests.add(
          i % 4 == 3
              ? SequenceRequest.score("score-" + i, prompt, prompt.length - 9, 1)
              : SequenceRequest.generate(
                  "generate-" + i, prompt, (i % 2 == 0 ? params : params.temperature(1)).build()));
    }
    return requests;
  }

  @Test
  void aModelWithRecurrentStateSharesNothing() throws IOException {
    ScheduleConfig schedule = new ScheduleConfig(2, 2, 96, 48, Long.MAX_VALUE);
    Run run =
        run(
            GOLDEN.resolve("qwen3_next"),
            "reference",
            ComputeType.F32,
            schedule,
            AMPLE,
            requests(320).subList(0, 4));

    assertThat(run.reused).isZero();
  }
}
