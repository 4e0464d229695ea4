package dev.drey.runtime.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceProgress;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every architecture gives the same bits whatever runs beside a sequence: wide batches with whole
 * prompts against one sequence at a time in pieces of seven tokens, with a fourth of the experts,
 * other threads, and a key/value pool so small that sequences wait for blocks or lose them.
 */
class ArchitectureBitsTest {
  private static final int SEQUENCES = 6;
  private static final int VOCABULARY = 320;
  private static final int TOKENS = 12;

  static Stream<Arguments> cases() throws IOException {
    return GoldenModelTest.models().stream()
        .flatMap(model -> Stream.of(ComputeType.values()).map(type -> Arguments.of(model, type)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsDependOnTheRequestAlone(String model, ComputeType compute) throws IOException {
    requireSameBits(model, "cpu", compute, "gate.next-layer");
  }

  /** Those that a shadow can run ahead of; others are refused. */
  static Stream<Arguments> casesWithShadow() throws IOException {
    return cases().filter(of -> !of.get()[0].equals("qwen3_next"));
  }

  @ParameterizedTest
  @MethodSource("casesWithShadow")
  void aShadowAheadOfItChangesNothing(String model, ComputeType compute) throws IOException {
    requireSameBits(model, "cpu", compute, "shadow.int4");
  }

  /**
   * Compares.
   *
   * @param predictor of the narrow run
   */
  static void requireSameBits(String model, String device, ComputeType compute, String predictor)
      throws IOException {
    ScheduleConfig together = new ScheduleConfig(8, 8, 256, 256, 1_000_000_000L);
    ScheduleConfig apart = new ScheduleConfig(3, 1, 16, 7, 1_000_000_000L);
    List<SequenceProgress> wide = run(model, device, compute, 2, 100, 0, "none", together);
    List<SequenceProgress> narrow = run(model, device, compute, 1, 25, 256, predictor, apart);
    for (int i = 0; i < SEQUENCES; i++) {
      assertThat(narrow.get(i).outputIds()).as("ids of %d", i).isEqualTo(wide.get(i).outputIds());
      assertThat(bits(narrow.get(i))).as("bits of %d", i).isEqualTo(bits(wide.get(i)));
    }
  }

  private static int[] bits(SequenceProgress progress) {
    float[] logprobs = progress.logprobs();
    int[] bits = new int[logprobs.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(logprobs[i]);
    }
    return bits;
  }

  private static List<SequenceProgress> run(
      String model,
      String device,
      ComputeType compute,
      int threads,
      int percent,
      int kvTokens,
      String predictor,
      ScheduleConfig schedule)
      throws IOException {
    EngineConfig config =
        new EngineConfig(
            GoldenModelTest.MODELS.resolve(model).toString(),
            device,
            compute,
            threads,
            null,
            MemorySize.ofPercent(percent),
            kvTokens,
            predictor,
            "classic.lru",
            schedule,
            TransferConfig.DEFAULT);
    try (MoeEngine engine = MoeEngine.open(config)) {
      List<Sequence> sequences = sequences();
      new DecodeLoop(engine).run(sequences.iterator(), sequence -> {});
      return sequences.stream().map(Sequence::progress).toList();
    }
  }

  /** Prompts of 1 to 141 tokens, sampled, with log-probabilities; the last one is scored. */
  private static List<Sequence> sequences() {
    SplittableRandom random = new SplittableRandom(11);
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      int[] ids = random.ints(1 + 28L * i, 5, VOCABULARY).toArray();
      if (i == SEQUENCES - 1) {
        sequences.add(Sequence.fresh(SequenceRequest.score("score", ids, 100, 0)));
        continue;
      }
      SamplingParams sampling =
          new SamplingParams(TOKENS, 0.8, 0, 1, 0, 1, 0, 0, i, Set.of(), List.of(), true, 0, 0);
      sequences.add(Sequence.fresh(SequenceRequest.generate("s" + i, ids, sampling)));
    }
    return sequences;
  }
}
