package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.synth.SyntheticFamily;
import dev.drey.runtime.synth.SyntheticModel;
import dev.drey.runtime.synth.SyntheticRouting;
import dev.drey.runtime.synth.SyntheticSpec;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A synthetic model must behave like a model: numbers of ordinary size, all experts at work. */
class SyntheticForwardTest {
  private static final SyntheticSpec SPEC =
      new SyntheticSpec(64, 6, 16, 4, 32, 4, 2, 16, 600, 512, 7);
  private static final int TOKENS = 200;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path temp;

  private ForwardProbe.Seen run() throws IOException {
    return run(SyntheticFamily.QWEN3_MOE, SPEC, SyntheticRouting.NONE);
  }

  private ForwardProbe.Seen run(
      SyntheticFamily family, SyntheticSpec spec, SyntheticRouting routing) throws IOException {
    SyntheticModel.write(family, spec, routing, temp);
    EngineConfig config =
        new EngineConfig(
            temp.toString(),
            "reference",
            ComputeType.F32,
            1,
            null,
            MemorySize.ofPercent(100),
            0,
            "none",
            "classic.lru",
            ScheduleConfig.DEFAULT,
            TransferConfig.DEFAULT);
    try (MoeEngine engine = MoeEngine.open(config)) {
      return new ForwardProbe(engine).run(ids());
    }
  }

  private static int[] ids() {
    return new SplittableRandom(3).ints(TOKENS, 0, SPEC.vocabulary()).toArray();
  }

  @Test
  void logitsAreFiniteOfOrdinarySizeAndDifferFromTokenToToken() throws IOException {
    float[][] logits = run().logits();
    double squares = 0;
    for (float[] row : logits) {
      for (float logit : row) {
        assertThat(logit).isFinite();
        squares += (double) logit * logit;
      }
    }
    double size = Math.sqrt(squares / logits.length / SPEC.vocabulary());
    assertThat(size).as("root mean square of the logits").isBetween(1.0, 6.0);
    long winners = Arrays.stream(logits).mapToInt(SyntheticForwardTest::argmax).distinct().count();
    assertThat(winners).as("different likeliest tokens of %d", TOKENS).isGreaterThan(TOKENS / 3);
  }

  @Test
  void everyLayerSpreadsTokensOverItsExpertsAndChoosesClearly() throws IOException {
    ForwardProbe.Seen seen = run();
    double uniform = (double) TOKENS * SPEC.expertsPerToken() / SPEC.experts();
    for (int layer = 0; layer < SPEC.layers(); layer++) {
      int[] tokens = new int[SPEC.experts()];
      double largest = 0;
      for (int position = 0; position < TOKENS; position++) {
        Arrays.stream(seen.experts()[layer][position]).forEach(expert -> tokens[expert]++);
        largest += seen.weights()[layer][position][0] / TOKENS;
      }
      int[] sorted = tokens.clone();
      Arrays.sort(sorted);
      assertThat(sorted[0]).as("least used expert of layer %d", layer).isPositive();
      assertThat(sorted[sorted.length - 1])
          .as("tokens of the most used expert of layer %d, %s", layer, Arrays.toString(tokens))
          .isLessThan((int) (3 * uniform));
      assertThat(largest)
          .as("mean weight of the first of four, layer %d", layer)
          .isGreaterThan(0.4);
    }
  }

  @Test
  void theLikeliestNextTokenIsOfTheTopicOfTheOneBefore() throws IOException {
    int topics = 4;
    float[][] logits =
        run(SyntheticFamily.QWEN3_MOE, SPEC, new SyntheticRouting(1, topics, 0.5, 0)).logits();
    int[] ids = ids();
    long stay =
        IntStream.range(0, TOKENS)
            .filter(position -> argmax(logits[position]) % topics == ids[position] % topics)
            .count();
    assertThat(stay).as("of %d tokens", TOKENS).isGreaterThan(TOKENS * 9 / 10);
  }

  @ParameterizedTest
  @EnumSource(SyntheticFamily.class)
  void everyFamilyRunsAndItsLayersHavePopularExpertsOfTheirOwn(SyntheticFamily family)
      throws IOException {
    SyntheticSpec spec = new SyntheticSpec(64, 6, 16, 4, 32, 4, 4, 16, 600, 512, 7);
    ForwardProbe.Seen seen = run(family, spec, new SyntheticRouting(1.2, 4, 0.3, 0.5));
    for (float[] row : seen.logits()) {
      for (float logit : row) {
        assertThat(logit).isFinite();
      }
    }
    Set<Integer> popular = new HashSet<>();
    for (int[][] layer : seen.experts()) {
      int[] tokens = new int[spec.experts()];
      Arrays.stream(layer).flatMapToInt(Arrays::stream).forEach(expert -> tokens[expert]++);
      popular.add(IntStream.range(0, tokens.length).boxed().max(comparing(tokens)).orElseThrow());
    }
    assertThat(popular).as("most popular expert of each layer").hasSizeGreaterThan(2);
  }

  private static Comparator<Integer> comparing(int[] tokens) {
    return Comparator.comparingInt(expert -> tokens[expert]);
  }

  private static int argmax(float[] row) {
    int best = 0;
    for (int id = 1; id < row.length; id++) {
      best = row[id] > row[best] ? id : best;
    }
    return best;
  }
}
