package dev.drey.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a shadow model costs per token: the same work by engines with and without one in turn, on
 * the sample model with nearly all experts resident, so that next to nothing is left to gain.
 */
@Tag("benchmark")
class ShadowCostTest {
  private static final List<String> PREDICTORS = List.of("none", "shadow.int8", "shadow.int4");
  private static final int ROUNDS = 7;
  private static final int TOKENS = 48;

  @ParameterizedTest
  @ValueSource(ints = {1, 16})
  void aShadowCostsNoMoreThanTwentyStepsOfTheModel(int group) throws IOException {
    List<String> requests = SamplePrompts.greedy(Math.max(4, group), TOKENS);
    List<List<Double>> micros = new ArrayList<>();
    List<MoeEngine> engines = new ArrayList<>();
    try {
      for (String predictor : PREDICTORS) {
        engines.add(MoeEngine.open(job(group, predictor).engine()));
        micros.add(new ArrayList<>());
      }
      for (int round = -1; round < ROUNDS; round++) {
        for (int i = 0; i < engines.size(); i++) {
          double took = microsPerToken(engines.get(i), requests);
          if (round >= 0) {
            micros.get(i).add(took);
          }
        }
      }
    } finally {
      engines.forEach(MoeEngine::close);
    }
    double alone = median(micros.get(0));
    for (int i = 0; i < micros.size(); i++) {
      double times = median(micros.get(i)) / alone;
      System.out.printf(
          "group of %d, %s: %.0f µs per token, %.2f times%n",
          group, PREDICTORS.get(i), median(micros.get(i)), times);
      assertThat(times).as(PREDICTORS.get(i)).isBetween(1.0, 20.0);
    }
  }

  private static SampleJob job(int group, String predictor) {
    return SampleJob.onSampleModel()
        .with("drey.schedule.max-sequences", group)
        .with("drey.schedule.micro-batch", group)
        .with("drey.memory.expert", "99%")
        .with("drey.prediction.predictor", predictor);
  }

  private static double microsPerToken(MoeEngine engine, List<String> requests) throws IOException {
    List<Sequence> sequences = new ArrayList<>();
    for (String line : requests) {
      String prompt = new ObjectMapper().readTree(line).path("prompt").asText();
      int[] ids = engine.tokenizer().orElseThrow().encode(prompt);
      SamplingParams greedy = SamplingParams.greedy(TOKENS);
      sequences.add(Sequence.fresh(SequenceRequest.generate(prompt, ids, greedy)));
    }
    long begin = System.nanoTime();
    new DecodeLoop(engine).run(sequences.iterator(), sequence -> {});
    long nanos = System.nanoTime() - begin;
    return nanos / 1e3 / sequences.stream().mapToInt(Sequence::outputCount).sum();
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(v -> v).sorted().toArray();
    return Arrays.stream(sorted).skip(sorted.length / 2).findFirst().orElseThrow();
  }
}
