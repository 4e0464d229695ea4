package dev.drey.it.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.it.testing.SkewedRouting;
import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.ShadowAlignment;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The traces that policies and predictors are compared on: the sample model's prefill, decoding of
 * one sequence after the other, and bulk groups; and made-up models of fixed skew. Nothing about
 * them depends on a clock: bits do not, and times are left out.
 */
final class Workloads {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PREFILL_TOKENS = 128;

  /** Options of a predictor that looks one layer ahead. */
  static final PredictorOptions ONE_AHEAD = new PredictorOptions(1, 0);

  private final Path directory;
  private int recorded;

  /**
   * @param directory where traces are written
   */
  Workloads(Path directory) {
    this.directory = directory;
  }

  /** One sequence after the other. */
  RoutingTrace decode(String predictor, int skip, int count, int tokens) throws IOException {
    return record(predictor, 1, prompts(skip, count, tokens));
  }

  /** One sequence after the other beside a shadow that tells all layers as a step begins. */
  Path shadowed(String predictor, ShadowAlignment alignment, int count, int tokens)
      throws IOException {
    return record(
        sampleModel(predictor, 1)
            .with("drey.prediction.lookahead", 8)
            .with("drey.prediction.token-alignment", alignment.tokens())
            .with("drey.prediction.kv-alignment", alignment.keys()),
        prompts(0, count, tokens));
  }

  /** As many sequences as a group holds, all at once. */
  RoutingTrace bulk(String predictor, int group, int tokens) throws IOException {
    return record(predictor, group, prompts(0, 2 * group, tokens));
  }

  /** Prompts of 128 tokens, one after the other, one output each. */
  RoutingTrace prefill(String predictor) throws IOException {
    return record(
        predictor,
        1,
        tokenizer -> {
          int[] all =
              tokenizer.encode(
                  String.join(" ", lines(0, 200, 1).stream().map(Workloads::text).toList()));
          List<Sequence> sequences = new ArrayList<>();
          for (int from = 0; from + PREFILL_TOKENS <= all.length; from += PREFILL_TOKENS) {
            int[] ids = Arrays.copyOfRange(all, from, from + PREFILL_TOKENS);
            sequences.add(sequence("prefill-" + from, ids, 1));
          }
          return sequences;
        });
  }

  /** Made-up models by name, each decoding one token, or a group of 32, at a time. */
  static Map<String, RoutingTrace> madeUp() {
    Map<String, RoutingTrace> traces = new LinkedHashMap<>();
    for (double exponent : new double[] {0, 0.6, 1.0}) {
      SkewedRouting routing = new SkewedRouting(16, 64, 6, exponent);
      String name = exponent == 0 ? "uniform" : "Zipf " + exponent;
      traces.put(name + ", decode", routing.trace(600, 1, 1));
      traces.put(name + ", group of 32", routing.trace(150, 32, 1));
    }
    return traces;
  }

  private interface Work {
    List<Sequence> sequences(Tokenizer tokenizer) throws IOException;
  }

  private static Work prompts(int skip, int count, int tokens) {
    return tokenizer -> {
      List<Sequence> sequences = new ArrayList<>();
      for (String line : lines(skip, count, tokens)) {
        String id = "%d".formatted(sequences.size());
        sequences.add(sequence(id, tokenizer.encode(text(line)), tokens));
      }
      return sequences;
    };
  }

  /** Every so many of the sample prompts, so that all domains occur. */
  private static List<String> lines(int skip, int count, int tokens) throws IOException {
    List<String> all = SamplePrompts.greedy(200, tokens);
    List<String> chosen = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      chosen.add(all.get((skip + i * all.size() / count) % all.size()));
    }
    return chosen;
  }

  private static String text(String line) {
    try {
      return JSON.readTree(line).path("prompt").asText();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Sequence sequence(String id, int[] ids, int tokens) {
    return Sequence.fresh(SequenceRequest.generate(id, ids, SamplingParams.greedy(tokens)));
  }

  private RoutingTrace record(String predictor, int group, Work work) throws IOException {
    return RoutingTrace.read(record(sampleModel(predictor, group), work));
  }

  private static SampleJob sampleModel(String predictor, int group) {
    return SampleJob.onSampleModel()
        .with("drey.schedule.max-sequences", group)
        .with("drey.schedule.micro-batch", group)
        .with("drey.memory.expert", "25%")
        .with("drey.prediction.predictor", predictor);
  }

  private Path record(SampleJob job, Work work) throws IOException {
    Path file = directory.resolve("trace-" + recorded++);
    try (MoeEngine engine = MoeEngine.open(job.with("drey.trace.file", file).engine())) {
      Tokenizer tokenizer = engine.tokenizer().orElseThrow();
      new DecodeLoop(engine).run(work.sequences(tokenizer).iterator(), sequence -> {});
    }
    return file;
  }
}
