package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.predict.ShadowAlignment;
import dev.drey.runtime.predict.Untrained;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The sample model gives the same bits whatever is predicted: every predictor with a policy, a
 * window, a lookahead and a schedule drawn from a fixed seed, which is part of the test's name.
 */
class PredictionIdentityTest {
  private static final String MODEL = "../examples/sample-qwen3-moe";
  private static final List<String> PROMPTS =
      List.of(
          "Once upon a time", "The old lighthouse keeper", "Tom and", "Q: What is a heron?\nA:");

  private static List<String> expected = List.of();
  private static PredictorShape shape = PredictorShape.of(1, 1, 1);

  /**
   * What is drawn.
   *
   * @param seed what it was drawn from
   * @param percent of the experts that fit into the window
   */
  record Combination(
      long seed,
      String predictor,
      String policy,
      int percent,
      PredictorOptions options,
      int sequences,
      int prefillChunk) {

    Combination aligned(ShadowAlignment alignment) {
      PredictorOptions aligned =
          new PredictorOptions(options.lookahead(), options.capacity(), null, alignment);
      return new Combination(seed, predictor, policy, percent, aligned, sequences, prefillChunk);
    }
  }

  static Stream<Combination> combinations() {
    List<Combination> all = new ArrayList<>();
    long seed = 20;
    for (String predictor : Predictors.names()) {
      all.add(draw(seed++, predictor));
    }
    for (int i = 0; i < 6; i++) {
      all.add(draw(seed++, any(new Random(seed), Predictors.names())));
    }
    return all.stream();
  }

  private static Combination draw(long seed, String predictor) {
    Random random = new Random(seed);
    return new Combination(
            seed,
            predictor,
            any(random, CachePolicies.names()),
            2 + random.nextInt(90),
            new PredictorOptions(random.nextInt(6), 1 + random.nextInt(40)),
            1 + random.nextInt(4),
            1 + random.nextInt(16))
        .aligned(new ShadowAlignment(random.nextInt(4), random.nextInt(4)));
  }

  private static String any(Random random, Set<String> names) {
    return List.copyOf(names).get(random.nextInt(names.size()));
  }

  @BeforeAll
  static void runWithAllExpertsResident() throws IOException {
    shape = Untrained.shape(Path.of(MODEL));
    PredictorOptions none = PredictorOptions.DEFAULT;
    expected = run(new Combination(0, "none", "classic.lru", 100, none, 4, 16));
    assertThat(expected).hasSize(PROMPTS.size()).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void theBitsAreThoseOfAResidentRun(Combination combination) throws IOException {
    assertThat(run(combination)).isEqualTo(expected);
  }

  /** Ids and log-probabilities to the last bit, one line per prompt. */
  private static List<String> run(Combination drawn) throws IOException {
    EngineConfig config =
        new EngineConfig(
                MODEL,
                "cpu",
                ComputeType.F32,
                2,
                null,
                MemorySize.ofPercent(drawn.percent()),
                512,
                drawn.predictor(),
                drawn.policy(),
                new ScheduleConfig(drawn.sequences(), 2, 24, drawn.prefillChunk(), Long.MAX_VALUE),
                TransferConfig.DEFAULT)
            .withPrediction(Untrained.options(drawn.options(), shape));
    List<String> lines = new ArrayList<>();
    try (MoeEngine engine = MoeEngine.open(config)) {
      List<Sequence> sequences = new ArrayList<>();
      for (String prompt : PROMPTS) {
        int[] ids = engine.tokenizer().orElseThrow().encode(prompt);
        sequences.add(Sequence.fresh(SequenceRequest.generate(prompt, ids, sampling())));
      }
      new DecodeLoop(engine).run(sequences.iterator(), done -> {});
      for (Sequence sequence : sequences) {
        float[] logprobs = sequence.progress().logprobs();
        int[] bits = new int[logprobs.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(logprobs[i]));
        lines.add(Arrays.toString(sequence.outputIds()) + Arrays.toString(bits));
      }
    }
    return lines;
  }

  private static SamplingParams sampling() {
    return new SamplingParams(12, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), true, 0, 0);
  }
}
