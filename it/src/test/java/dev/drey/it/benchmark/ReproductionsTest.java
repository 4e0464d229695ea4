package dev.drey.it.benchmark;

import static dev.drey.it.benchmark.Markdown.number;
import static dev.drey.it.benchmark.Markdown.percent;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.SkewedRouting;
import dev.drey.it.testing.TaskRouting;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.MlpSizes;
import dev.drey.runtime.predict.PredictorInput;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.simulate.BeladyBound;
import dev.drey.runtime.simulate.PredictionRecall;
import dev.drey.runtime.simulate.Predictions;
import dev.drey.runtime.simulate.PredictorTraining;
import dev.drey.runtime.simulate.ReplayResult;
import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.trace.RecallMetrics;
import dev.drey.runtime.trace.TraceHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The shapes of published figures on our traces; {@code docs/reproductions.md} says what they mean.
 * Writes its tables to {@code target/reproductions-*.md}, the same ones on every run, and holds the
 * signs of what must come out.
 */
@Tag("benchmark")
class ReproductionsTest {
  private static final double[] BUDGETS = {0.1, 0.25, 0.4, 0.5, 0.75};
  private static final int TRAINING_PROMPTS = 60;

  /** Computing of a token in a layer, and loading of an expert: a link of a fifth of the need. */
  private static final long TOKEN_NANOS = 100_000;

  private static final long EXPERT_NANOS = 200_000;

  @TempDir private static Path directory;
  private static RoutingTrace prefill;
  private static RoutingTrace decode;
  private static RoutingTrace bulk;
  private static final Map<Integer, Path> LEARNED = new TreeMap<>();

  private final Markdown out = new Markdown();

  @BeforeAll
  static void record() throws IOException {
    Workloads workloads = new Workloads(directory);
    prefill = workloads.prefill("hobbit.stacked-gates");
    decode = workloads.decode("hobbit.stacked-gates", 0, 30, 64);
    bulk = workloads.bulk("hobbit.stacked-gates", 32, 64);
    RoutingTrace training = workloads.decode("none", 3, TRAINING_PROMPTS, 64);
    for (int lookahead = 1; lookahead <= 3; lookahead++) {
      MlpSizes sizes = new MlpSizes(lookahead, 4, 64);
      byte[] file =
          PredictorTraining.train(List.of(training), sizes, 8, 1, line -> {}).model().toBytes();
      LEARNED.put(lookahead, Files.write(directory.resolve("learned-" + lookahead), file));
    }
  }

  @AfterAll
  static void forget() {
    LEARNED.clear();
  }

  private static String learned(int lookahead) {
    return Objects.requireNonNull(LEARNED.get(lookahead)).toString();
  }

  private static Map<String, RoutingTrace> sampleTraces() {
    Map<String, RoutingTrace> traces = new LinkedHashMap<>();
    traces.put("prefill", prefill);
    traces.put("decode", decode);
    traces.put("bulk groups of 32", bulk);
    return traces;
  }

  private static PredictorShape shape(TraceHeader header) {
    return new PredictorShape(
        header.expertLayers(), header.experts(), header.expertsPerToken(), header.modelDigest());
  }

  /** What a predictor of the registry says of a trace; null if traces do not hold what it reads. */
  private static Map<String, Predictions> byReplay(RoutingTrace trace) {
    Map<String, Predictions> all = new TreeMap<>();
    for (String name : Predictors.names()) {
      String file = learned(1);
      ExpertPredictor predictor =
          Predictors.named(name, shape(trace.header()), new PredictorOptions(0, 0, file));
      if (predictor.reads().equals(Set.of(PredictorInput.ROUTING))) {
        all.put(name, Predictions.by(trace, predictor));
      }
    }
    return all;
  }

  /** R1. */
  @Test
  void recallByDistance() throws IOException {
    for (Map.Entry<String, RoutingTrace> entry : sampleTraces().entrySet()) {
      RoutingTrace trace = entry.getValue();
      out.heading("Recall by distance, " + entry.getKey());
      out.head("predictor", "distance", "recall of as many", "recall", "precision", "exact");
      recall("hobbit.stacked-gates", trace, Predictions.of(trace, Predictions.Source.RECORDED));
      Map<String, Predictions> replayed = byReplay(trace);
      replayed.forEach((name, predictions) -> recall(name, trace, predictions));
      for (int lookahead = 2; lookahead <= 3; lookahead++) {
        String file = learned(lookahead);
        PredictorOptions options = new PredictorOptions(lookahead, 0, file);
        recall("learned.mlp", trace, Predictions.named(trace, "learned.mlp", options));
      }
    }
    out.write(Path.of("target/reproductions-r1.md"));
  }

  private void recall(String name, RoutingTrace trace, Predictions predictions) {
    for (RecallMetrics recall : PredictionRecall.of(trace, predictions)) {
      out.row(
          name,
          recall.distance(),
          percent(recall.recallOfAsMany(), 1),
          percent(recall.recall(), 1),
          percent(recall.precision(), 1),
          percent(recall.exactRate(), 1));
    }
  }

  /** R2, R9: hits against the budget, in slots per layer over experts per token. */
  @Test
  void hitsByBudget() throws IOException {
    Map<String, RoutingTrace> traces = new LinkedHashMap<>();
    traces.put("sample model, decode", decode);
    traces.putAll(Workloads.madeUp());
    traces.keySet().removeIf(name -> name.contains("group"));
    double[] ratios = {0.75, 1, 1.5, 2, 3, 4, 6, 8};
    for (Map.Entry<String, RoutingTrace> entry : traces.entrySet()) {
      Comparison comparison = new Comparison(entry.getValue(), 1);
      TraceHeader header = entry.getValue().header();
      out.heading("Hits in percent by slots per layer over experts per token, " + entry.getKey());
      out.head("policy", 0.75, 1, 1.5, 2, 3, 4, 6, 8);
      for (String policy : CachePolicies.names()) {
        List<Object> cells = new ArrayList<>(List.of(policy));
        for (double ratio : ratios) {
          int slots = (int) (ratio * header.expertsPerToken() * header.expertLayers().size());
          ReplayResult result =
              comparison.replay(policy, comparison.none(), Math.min(slots, header.totalExperts()));
          cells.add(percent(result.hits(), result.demanded()));
        }
        out.row(cells.toArray());
      }
      List<Object> bound = new ArrayList<>(List.of("Belady's bound"));
      int demanded = entry.getValue().members().length;
      for (double ratio : ratios) {
        int slots = (int) (ratio * header.expertsPerToken() * header.expertLayers().size());
        long loads = comparison.bound(Math.min(slots, header.totalExperts())).loads();
        bound.add(percent(demanded - loads, demanded));
      }
      out.row(bound.toArray());
      ReplayResult cliff =
          comparison.replay(
              "classic.lru",
              comparison.none(),
              (int) (0.75 * header.expertsPerToken() * header.expertLayers().size()));
      assertThat((double) cliff.hits() / cliff.demanded())
          .as("recency has next to no hits below one token's working set")
          .isLessThan(0.05);
    }
    out.write(Path.of("target/reproductions-r2.md"));
  }

  /** R3, R10: misses over Belady's, without prefetching. */
  @Test
  void missesOverBeladys() throws IOException {
    Map<String, RoutingTrace> traces = new LinkedHashMap<>(sampleTraces());
    traces.putAll(Workloads.madeUp());
    for (Map.Entry<String, RoutingTrace> entry : traces.entrySet()) {
      Comparison comparison = new Comparison(entry.getValue(), 1);
      out.heading("Misses over Belady's bound, " + entry.getKey());
      out.head("policy", "10 %", "25 %", "40 %", "50 %", "75 %");
      for (String policy : CachePolicies.names()) {
        List<Object> cells = new ArrayList<>(List.of(policy));
        for (double budget : BUDGETS) {
          int slots = comparison.slots(budget);
          ReplayResult result = comparison.replay(policy, comparison.none(), slots);
          long least = comparison.bound(slots).loads();
          assertThat(result.misses()).as(policy).isGreaterThanOrEqualTo(least);
          cells.add(number((double) result.misses() / least));
        }
        out.row(cells.toArray());
      }
      List<Object> fixed = new ArrayList<>(List.of("best fixed set, known beforehand"));
      for (double budget : BUDGETS) {
        int slots = comparison.slots(budget);
        fixed.add(
            number(
                (double) missesOfBestSet(entry.getValue(), slots)
                    / comparison.bound(slots).loads()));
      }
      out.row(fixed.toArray());
    }
    out.write(Path.of("target/reproductions-r3.md"));
  }

  /**
   * Misses of a window that keeps the experts demanded most often, as many as there are slots, each
   * from its first demand on.
   */
  private static long missesOfBestSet(RoutingTrace trace, int slots) {
    int[] demands = new int[trace.header().layers() * trace.header().experts()];
    for (int member : trace.members()) {
      demands[member]++;
    }
    Arrays.sort(demands);
    long misses = 0;
    for (int i = 0; i < demands.length; i++) {
      misses += i < demands.length - slots ? demands[i] : Math.min(1, demands[i]);
    }
    return misses;
  }

  /** R4, R5, the best default: seconds relative to computing alone. */
  @Test
  void secondsByPolicyAndPredictor() throws IOException {
    double worst = 0;
    for (Map.Entry<String, RoutingTrace> entry : sampleTraces().entrySet()) {
      RoutingTrace trace = entry.getValue();
      Map<String, Predictions> predictions = new LinkedHashMap<>();
      predictions.put("none", Predictions.of(trace, Predictions.Source.NONE));
      predictions.put("gate", nextLayerOnly(trace));
      predictions.put("stacked gates", Predictions.of(trace, Predictions.Source.RECORDED));
      predictions.putAll(byReplay(trace));
      predictions.put("oracle", Predictions.of(trace, Predictions.Source.ORACLE));
      for (double link : new double[] {0.5, 2}) {
        Comparison comparison = new Comparison(trace, link);
        out.heading(
            "Time over computing alone, %s, loading everything takes %s of computing"
                .formatted(entry.getKey(), percent(link, 1) + " %"));
        out.head("policy + predictor", "10 %", "25 %", "40 %", "50 %", "75 %");
        for (String policy : CachePolicies.names()) {
          predictions.forEach((name, said) -> seconds(comparison, policy, name, said));
        }
        List<Object> ratios = new ArrayList<>(List.of("default over classic.lru, both with gate"));
        for (double ratio : overRecency(comparison, nextLayerOnly(trace))) {
          ratios.add(String.format(Locale.ROOT, "%.4f", ratio));
          worst = Math.max(worst, ratio);
        }
        out.row(ratios.toArray());
        List<Object> bound = new ArrayList<>(List.of("bound"));
        for (double budget : BUDGETS) {
          BeladyBound least = comparison.bound(comparison.slots(budget));
          bound.add(number(least.nanos() / 1e9 / comparison.resident()));
        }
        out.row(bound.toArray());
      }
    }
    out.write(Path.of("target/reproductions-r4.md"));
    assertThat(worst).as("the default is nowhere slower than recency").isLessThanOrEqualTo(1.001);
  }

  /** Time of the default policy over that of recency, by budget. */
  private static double[] overRecency(Comparison comparison, Predictions gate) {
    return Arrays.stream(BUDGETS)
        .map(
            budget -> {
              int slots = comparison.slots(budget);
              long recency = comparison.replay("classic.lru", gate, slots).nanos();
              long chosen = comparison.replay(CachePolicies.DEFAULT, gate, slots).nanos();
              return (double) chosen / recency;
            })
        .toArray();
  }

  private void seconds(Comparison comparison, String policy, String name, Predictions said) {
    List<Object> cells = new ArrayList<>(List.of(policy + " + " + name));
    for (double budget : BUDGETS) {
      ReplayResult result = comparison.replay(policy, said, comparison.slots(budget));
      cells.add(number(result.nanos() / 1e9 / comparison.resident()));
    }
    out.row(cells.toArray());
  }

  /** Of what stacked gates said, what the next layer's gate would have. */
  private static Predictions nextLayerOnly(RoutingTrace trace) {
    return Predictions.of(trace, Predictions.Source.RECORDED).within(trace, 1);
  }

  /** R6: what a batch group is worth, and what is worth it beside the group. */
  @Test
  void groupsOfSequences() throws IOException {
    out.heading("Loads per token and layer, and share of the speed of computing alone, by group");
    out.head(
        "sequences",
        "loads, nothing kept",
        "nothing kept, on demand",
        "nothing kept, exact prefetch",
        "cyclic.scan, a quarter kept, on demand",
        "cyclic.scan, exact prefetch");
    double before = Double.POSITIVE_INFINITY;
    double speedBefore = 0;
    for (int group : new int[] {1, 2, 4, 8, 16, 32, 64, 128, 256}) {
      SkewedRouting routing = new SkewedRouting(16, 64, 6, 0);
      RoutingTrace trace = routing.trace(Math.max(40, 640 / group), group, 1);
      Comparison comparison = new Comparison(trace, group * TOKEN_NANOS, EXPERT_NANOS);
      String drop = "cacheless.load-use-drop";
      double speed = speed(comparison, drop, comparison.none());
      double loads =
          (double) comparison.replay(drop, comparison.none(), comparison.slots(0.25)).loads()
              / trace.rows()
              / routing.layers();
      out.row(
          group,
          number(loads),
          percent(speed, 1) + " %",
          percent(speed(comparison, drop, comparison.oracle()), 1) + " %",
          percent(speed(comparison, "cyclic.scan", comparison.none()), 1) + " %",
          percent(speed(comparison, "cyclic.scan", comparison.oracle()), 1) + " %");
      assertThat(loads).as("a larger group shares loads").isLessThan(before);
      assertThat(speed).as("and is faster").isGreaterThan(speedBefore);
      before = loads;
      speedBefore = speed;
    }
    out.write(Path.of("target/reproductions-r6.md"));
  }

  private static double speed(Comparison comparison, String policy, Predictions predictions) {
    ReplayResult result = comparison.replay(policy, predictions, comparison.slots(0.25));
    return comparison.resident() / (result.nanos() / 1e9);
  }

  /** R8: how large MoE-Infinity's collection must be. */
  @Test
  void sizeOfTheCollection() throws IOException {
    out.heading("Recall of as many by entries of infinity.activation-trace, decode");
    out.head("entries", "1 layer ahead", "2", "3");
    for (int entries : new int[] {1, 4, 8, 16, 30, 60, 120}) {
      List<Object> cells = new ArrayList<>(List.of(entries));
      for (RecallMetrics recall :
          PredictionRecall.of(
              decode,
              Predictions.named(
                  decode, "infinity.activation-trace", new PredictorOptions(3, entries)))) {
        if (recall.distance() <= 3) {
          cells.add(percent(recall.recallOfAsMany(), 1));
        }
      }
      out.row(cells.toArray());
    }
    out.write(Path.of("target/reproductions-r8.md"));
  }

  /** R8: how soon the collection has learnt another domain. */
  @Test
  void recoveryAfterAChangeOfDomain() throws IOException {
    TaskRouting routing = new TaskRouting(8, 64, 6, 12, 120);
    RoutingTrace trace = routing.trace(1);
    Map<String, Predictions> said = new LinkedHashMap<>();
    for (int entries : new int[] {16, 120}) {
      said.put(
          "infinity.activation-trace, " + entries + " entries",
          Predictions.named(trace, "infinity.activation-trace", new PredictorOptions(1, entries)));
    }
    said.put(
        "history.popularity",
        Predictions.named(trace, "history.popularity", new PredictorOptions(1, 0)));
    out.heading("Recall of as many, one layer ahead, by requests since the change of domain");
    out.head("predictor", "-20", "-10", 0, 10, 20, 30, 40, 50, 60, 80, 100);
    for (Map.Entry<String, Predictions> entry : said.entrySet()) {
      List<Object> cells = new ArrayList<>(List.of(entry.getKey()));
      List<Double> recalls = new ArrayList<>();
      for (int since : new int[] {-20, -10, 0, 10, 20, 30, 40, 50, 60, 80, 100}) {
        int first = (routing.requests() + since) * TaskRouting.steps();
        int end = first + 10 * TaskRouting.steps();
        double recall =
            PredictionRecall.of(trace, entry.getValue(), first, end).get(0).recallOfAsMany();
        cells.add(percent(recall, 1));
        recalls.add(recall);
      }
      out.row(cells.toArray());
      if (entry.getKey().contains("120")) {
        assertThat(recalls.get(2)).as("a new domain is not foretold").isLessThan(recalls.get(1));
        assertThat(recalls.get(7)).as("50 requests on").isGreaterThan(0.9 * recalls.get(1));
      }
    }
    out.write(Path.of("target/reproductions-r8-recovery.md"));
  }

  /** R11: what must not help. */
  @Test
  void negativeControls() throws IOException {
    out.heading("Negative controls, decode at a quarter of the experts");
    out.head("control", "time over computing alone", "compared with");
    for (double link : new double[] {2, 20}) {
      Comparison comparison = new Comparison(decode, link);
      int slots = comparison.slots(0.25);
      Predictions random = Predictions.named(decode, "random.uniform", new PredictorOptions(1, 0));
      double none = over(comparison, comparison.none(), slots);
      double guessed = over(comparison, random, slots);
      double exact = over(comparison, comparison.oracle(), slots);
      out.row("random prefetch, link at " + link, number(guessed), number(none) + " without");
      out.row("exact prefetch, link at " + link, number(exact), number(none) + " without");
      assertThat(guessed).as("random prefetch costs").isGreaterThan(none);
      if (link > 10) {
        assertThat(exact / none).as("an exact guess does not widen the link").isGreaterThan(0.9);
      }
    }
    Comparison comparison = new Comparison(decode, 2);
    TraceHeader header = decode.header();
    int below = header.expertsPerToken() * header.expertLayers().size() * 3 / 4;
    ReplayResult thrashing = comparison.replay("classic.lru", comparison.oracle(), below);
    out.row(
        "exact prefetch into a window below one token's set",
        number(thrashing.nanos() / 1e9 / comparison.resident()),
        "%s %% hits, %s loads per demand"
            .formatted(
                percent(thrashing.hits() + thrashing.lateHits(), thrashing.demanded()),
                number((double) thrashing.loads() / thrashing.demanded())));
    assertThat(thrashing.loads()).isGreaterThanOrEqualTo(thrashing.demanded() * 9 / 10);
    out.write(Path.of("target/reproductions-r11.md"));
  }

  private static double over(Comparison comparison, Predictions predictions, int slots) {
    return comparison.replay("classic.lru", predictions, slots).nanos()
        / 1e9
        / comparison.resident();
  }
}
