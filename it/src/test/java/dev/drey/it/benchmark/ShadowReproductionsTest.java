package dev.drey.it.benchmark;

import static dev.drey.it.benchmark.Markdown.number;
import static dev.drey.it.benchmark.Markdown.percent;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.benchmark.RoundRobinWorkers.Known;
import dev.drey.runtime.predict.ShadowAlignment;
import dev.drey.runtime.simulate.PredictionRecall;
import dev.drey.runtime.simulate.Predictions;
import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.trace.RecallMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What OD-MoE (arXiv 2512.03927) reports of its shadow model, with ours on the sample model; see
 * {@link ReproductionsTest}. Single sequences, answers of 192 tokens.
 */
@Tag("benchmark")
class ShadowReproductionsTest {
  private static final int PROMPTS = 12;
  private static final int TOKENS = 192;
  private static final long MAIN_NANOS = 1_000_000;
  private static final long EXPERT_NANOS = 1_000_000;
  private static final long LOAD_NANOS = 5_000_000;

  private static final Map<String, ShadowAlignment> ALIGNMENTS = new LinkedHashMap<>();

  static {
    ALIGNMENTS.put("tokens and KV", new ShadowAlignment(1, 1));
    ALIGNMENTS.put("tokens", new ShadowAlignment(1, 0));
    ALIGNMENTS.put("KV", new ShadowAlignment(0, 1));
    ALIGNMENTS.put("none", new ShadowAlignment(0, 0));
  }

  @TempDir private static Path directory;
  private static final Map<String, Path> TRACES = new TreeMap<>();

  private final Markdown out = new Markdown();

  @BeforeAll
  static void record() throws IOException {
    Workloads workloads = new Workloads(directory);
    for (String predictor : List.of("shadow.int8", "shadow.int4")) {
      for (Map.Entry<String, ShadowAlignment> alignment : ALIGNMENTS.entrySet()) {
        TRACES.put(
            predictor + ", " + alignment.getKey(),
            workloads.shadowed(predictor, alignment.getValue(), PROMPTS, TOKENS));
      }
    }
  }

  @AfterAll
  static void forget() {
    TRACES.clear();
  }

  private static Path trace(String predictor, String alignment) {
    return Objects.requireNonNull(TRACES.get(predictor + ", " + alignment));
  }

  /** R1: recall by distance, and by place in the answer. */
  @Test
  void recallOfShadows() throws IOException {
    out.heading("Recall of as many by distance, decode");
    out.head("shadow, alignment", 1, 2, 3, 4, 5, 6, 7, 8);
    for (String predictor : List.of("shadow.int8", "shadow.int4")) {
      for (String alignment : ALIGNMENTS.keySet()) {
        RoutingTrace trace = RoutingTrace.read(trace(predictor, alignment));
        List<Object> cells = new ArrayList<>(List.of(predictor + ", " + alignment));
        for (RecallMetrics recall :
            PredictionRecall.of(trace, Predictions.of(trace, Predictions.Source.RECORDED))) {
          cells.add(percent(recall.recallOfAsMany(), 1));
        }
        out.row(cells.toArray());
      }
    }
    out.heading("Recall by place in the answer, all layers");
    out.head("shadow, alignment", "1-16", "17-32", "33-64", "65-128", "129-192", "all", "whole");
    for (String predictor : List.of("shadow.int8", "shadow.int4")) {
      for (String alignment : ALIGNMENTS.keySet()) {
        Foretold foretold = Foretold.read(trace(predictor, alignment));
        out.row(
            predictor + ", " + alignment,
            percent(foretold.recall(1, 16), 1),
            percent(foretold.recall(17, 32), 1),
            percent(foretold.recall(33, 64), 1),
            percent(foretold.recall(65, 128), 1),
            percent(foretold.recall(129, TOKENS), 1),
            percent(foretold.recall(1, TOKENS), 1),
            percent(wholeLayers(foretold), 1));
      }
    }
    out.write(Path.of("target/reproductions-r1-shadow.md"));
    double int8 = Foretold.read(trace("shadow.int8", "tokens and KV")).recall(1, TOKENS);
    double int4 = Foretold.read(trace("shadow.int4", "tokens and KV")).recall(1, TOKENS);
    double alone = Foretold.read(trace("shadow.int4", "none")).recall(1, TOKENS);
    assertThat(int8).as("more bits foretell more").isGreaterThan(int4);
    assertThat(int4).as("alignment foretells more").isGreaterThan(alone);
  }

  private static double wholeLayers(Foretold foretold) {
    long whole = 0;
    for (boolean[] token : whole(foretold)) {
      for (boolean layer : token) {
        whole += layer ? 1 : 0;
      }
    }
    return (double) whole / foretold.tokens().size() / foretold.layers();
  }

  private static List<boolean[]> whole(Foretold foretold) {
    return foretold.tokens().stream()
        .map(
            token -> {
              boolean[] layers = new boolean[token.right().length];
              for (int layer = 0; layer < layers.length; layer++) {
                layers[layer] = token.right()[layer] == foretold.perToken();
              }
              return layers;
            })
        .toList();
  }

  /** R7: OD-MoE's six cases, nothing kept, over links of their own and over one. */
  @Test
  void sixCasesOverSeveralLinks() throws IOException {
    for (String predictor : List.of("shadow.int8", "shadow.int4")) {
      out.heading("Share of the speed of computing alone, in percent, by groups, " + predictor);
      out.head("case", 1, 2, 4, 8, "one link");
      Map<String, List<boolean[]>> cases = new LinkedHashMap<>();
      for (String alignment : ALIGNMENTS.keySet()) {
        cases.put(alignment, whole(Foretold.read(trace(predictor, alignment))));
      }
      Foretold any = Foretold.read(trace(predictor, "none"));
      cases.put("random", random(any));
      cases.put("no prediction", never(any));
      List<Double> before = new ArrayList<>();
      for (Map.Entry<String, List<boolean[]>> entry : cases.entrySet()) {
        List<Object> cells = new ArrayList<>(List.of(entry.getKey()));
        List<Double> speeds = new ArrayList<>();
        for (int groups : new int[] {1, 2, 4, 8}) {
          speeds.add(speed(groups, entry.getValue(), Known.AS_IT_BEGINS));
        }
        speeds.add(onOneLink(predictor, entry.getKey()));
        for (int i = 0; i < speeds.size(); i++) {
          cells.add(percent(speeds.get(i), 1));
        }
        out.row(cells.toArray());
        before.add(speeds.get(2));
      }
      assertThat(before.get(0)).as("both alignments over none").isGreaterThan(before.get(3));
      assertThat(before.get(3)).as("a shadow over chance").isGreaterThan(before.get(4));
    }
    out.heading("Waiting per layer, all foretold beforehand");
    out.head("groups", "formula, ms", "simulated, ms");
    List<boolean[]> exact = new ArrayList<>();
    for (int token = 0; token < 200; token++) {
      boolean[] layers = new boolean[8];
      Arrays.fill(layers, true);
      exact.add(layers);
    }
    for (int groups : new int[] {1, 2, 4, 8}) {
      RoundRobinWorkers workers = workers(groups);
      double layers = 8.0 * exact.size();
      double stall = workers.nanos(exact, Known.BEFORE) / layers - MAIN_NANOS - EXPERT_NANOS;
      out.row(groups, number(workers.expectedStall() / 1e6), number(stall / 1e6));
      assertThat(Math.abs(stall - workers.expectedStall())).isLessThan(0.03 * LOAD_NANOS);
    }
    out.write(Path.of("target/reproductions-r7.md"));
  }

  private static RoundRobinWorkers workers(int groups) {
    return new RoundRobinWorkers(groups, MAIN_NANOS, EXPERT_NANOS, LOAD_NANOS);
  }

  private static double speed(int groups, List<boolean[]> whole, Known known) {
    double alone = (double) (MAIN_NANOS + EXPERT_NANOS) * whole.get(0).length * whole.size();
    return alone / workers(groups).nanos(whole, known);
  }

  /** Nothing kept, all experts over one link that takes twice the time of computing. */
  private static double onOneLink(String predictor, String name) throws IOException {
    String alignment = ALIGNMENTS.containsKey(name) ? name : "none";
    RoutingTrace trace = RoutingTrace.read(trace(predictor, alignment));
    Predictions predictions =
        switch (name) {
          case "random" -> Predictions.named(trace, "random.uniform", Workloads.ONE_AHEAD);
          case "no prediction" -> Predictions.of(trace, Predictions.Source.NONE);
          default -> Predictions.of(trace, Predictions.Source.RECORDED);
        };
    Comparison comparison = new Comparison(trace, 2);
    return comparison.resident()
        / (comparison.replay("cacheless.load-use-drop", predictions, comparison.slots(0.25)).nanos()
            / 1e9);
  }

  /** As many layers foretold whole as by choosing experts blindly. */
  private static List<boolean[]> random(Foretold of) {
    Random random = new Random(1);
    double whole = 1;
    for (int i = 0; i < of.perToken(); i++) {
      whole *= (double) (of.perToken() - i) / (of.experts() - i);
    }
    List<boolean[]> tokens = new ArrayList<>();
    for (int token = 0; token < of.tokens().size(); token++) {
      boolean[] layers = new boolean[of.layers()];
      for (int layer = 0; layer < layers.length; layer++) {
        layers[layer] = random.nextDouble() < whole;
      }
      tokens.add(layers);
    }
    return tokens;
  }

  private static List<boolean[]> never(Foretold of) {
    return of.tokens().stream().map(token -> new boolean[of.layers()]).toList();
  }
}
