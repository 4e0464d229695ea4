package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.it.testing.EngineRun;
import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.Pairwise;
import dev.drey.it.testing.ResultFile;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.plan.InsufficientMemoryException;
import dev.drey.runtime.schedule.Sequence;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same requests give the same bytes, however the job is laid out and however they arrive. */
class BitIdentityTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PROMPTS = 12;
  private static final int TOKENS = 10;
  private static final int WHOLE = 256;

  @TempDir private static Path directory;
  private static InProcessCluster cluster;
  private static String smallest;
  private static TreeMap<String, String> expected;

  /** One way to lay a job out; greedy and sampled requests are in every run. */
  record Layout(
      String budget,
      String predictor,
      int microBatch,
      int prefillChunk,
      int threads,
      int stages,
      int replicas,
      boolean shuffled) {
    static final List<List<?>> CHOICES =
        List.of(
            List.of("smallest", "25%", "100%"),
            List.of("none", "gate.next-layer"),
            List.of(1, 4, 32),
            List.of(7, WHOLE),
            List.of(1, 2),
            List.of(1, 4, 8),
            List.of(1, 2),
            List.of(false, true));

    static Layout of(List<?> row) {
      return new Layout(
          (String) row.get(0),
          (String) row.get(1),
          (Integer) row.get(2),
          (Integer) row.get(3),
          (Integer) row.get(4),
          (Integer) row.get(5),
          (Integer) row.get(6),
          (Boolean) row.get(7));
    }

    SampleJob job() {
      return SampleJob.onSampleModel()
          .with("drey.memory.expert", budget.equals("smallest") ? smallest : budget)
          .with("drey.prediction.predictor", predictor)
          .with("drey.schedule.max-sequences", 32)
          .with("drey.schedule.micro-batch", microBatch)
          .with("drey.schedule.max-step-tokens", WHOLE)
          .with("drey.schedule.prefill-chunk", prefillChunk)
          .with("drey.compute.threads", threads)
          .with("drey.pipeline.stages", stages)
          .with("drey.pipeline.replicas", replicas)
          .with("drey.input.lines-per-split", 3);
    }
  }

  @BeforeAll
  static void runPlainly() throws Exception {
    cluster = InProcessCluster.start(2);
    smallest = String.valueOf(refusal("1").neededBytes());
    expected = run(new Layout("100%", "none", 32, WHOLE, 1, 1, 1, false)).byCustomId();
    assertThat(expected).hasSize(PROMPTS);
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  static Stream<Layout> pairwise() {
    return Pairwise.rows(Layout.CHOICES).stream().map(Layout::of);
  }

  /** The part of the full product with this budget and so many replicas. */
  private static Stream<Layout> product(String budget, int replicas) {
    return Pairwise.product(Layout.CHOICES).stream()
        .map(Layout::of)
        .filter(layout -> layout.budget().equals(budget) && layout.replicas() == replicas);
  }

  static Stream<Layout> smallestAlone() {
    return product("smallest", 1);
  }

  static Stream<Layout> smallestInTwo() {
    return product("smallest", 2);
  }

  static Stream<Layout> quarterAlone() {
    return product("25%", 1);
  }

  static Stream<Layout> quarterInTwo() {
    return product("25%", 2);
  }

  static Stream<Layout> wholeAlone() {
    return product("100%", 1);
  }

  static Stream<Layout> wholeInTwo() {
    return product("100%", 2);
  }

  @ParameterizedTest
  @MethodSource("pairwise")
  void theSameRequestsGiveTheSameBytes(Layout layout) throws Exception {
    assertThat(run(layout).byCustomId()).isEqualTo(expected);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("smallestAlone")
  void theSameBytesInEveryCombinationWithTheSmallestWindow(Layout layout) throws Exception {
    assertThat(run(layout).byCustomId()).isEqualTo(expected);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("smallestInTwo")
  void theSameBytesInEveryCombinationWithTheSmallestWindowsOfTwoReplicas(Layout layout)
      throws Exception {
    assertThat(run(layout).byCustomId()).isEqualTo(expected);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("quarterAlone")
  void theSameBytesInEveryCombinationWithAQuarterOfTheExperts(Layout layout) throws Exception {
    assertThat(run(layout).byCustomId()).isEqualTo(expected);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("quarterInTwo")
  void theSameBytesInEveryCombinationWithAQuarterOfTheExpertsInTwoReplicas(Layout layout)
      throws Exception {
    assertThat(run(layout).byCustomId()).isEqualTo(expected);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("wholeAlone")
  void theSameBytesInEveryCombinationWithAllExperts(Layout layout) throws Exception {
    assertThat(run(layout).byCustomId()).isEqualTo(expected);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("wholeInTwo")
  void theSameBytesInEveryCombinationWithAllExpertsInTwoReplicas(Layout layout) throws Exception {
    assertThat(run(layout).byCustomId()).isEqualTo(expected);
  }

  @Test
  void theJobGivesTheTokensOfTheBareEngine() throws Exception {
    List<String> requests = SamplePrompts.mixed(PROMPTS, TOKENS);
    EngineRun engine = new EngineRun(SampleJob.onSampleModel());
    engine.run(requests);
    int compared = 0;
    for (String line : requests) {
      JsonNode request = JSON.readTree(line);
      if (request.path("temperature").asDouble() == 0 || request.has("seed")) {
        String name = request.path("custom_id").asText();
        JsonNode result = JSON.readTree(expected.get(name));
        Sequence sequence = Objects.requireNonNull(engine.finished().get(name));
        assertThat(JSON.convertValue(result.path("token_ids"), int[].class))
            .isEqualTo(sequence.outputIds())
            .isNotEmpty();
        assertThat(result.path("text").asText()).isEqualTo(sequence.text());
        compared++;
      }
    }
    assertThat(compared).isEqualTo(PROMPTS * 3 / 4);
  }

  private static ResultFile run(Layout layout) throws Exception {
    List<String> lines = SamplePrompts.mixed(PROMPTS, TOKENS);
    Path place = directory.resolve(String.valueOf(System.nanoTime()));
    Path input =
        SamplePrompts.write(
            directory.resolve(place.getFileName() + ".jsonl"),
            layout.shuffled() ? SamplePrompts.shuffled(lines) : lines);
    cluster.run(layout.job().fromFile(input, place));
    return SampleJob.join(input, place);
  }

  @Test
  void theSmallestWindowIsRefusedWhenOneSlotIsTakenAway() throws Exception {
    InsufficientMemoryException refusal = refusal("1");
    long needed = refusal.neededBytes();
    MoeEngine.open(withWindow(String.valueOf(needed)).engine()).close();

    InsufficientMemoryException lower = refusal(String.valueOf(needed - 1));
    assertThat(lower).hasMessageContaining(String.valueOf(needed));
    assertThat(lower.neededBytes()).isEqualTo(needed);
  }

  @Test
  void theSmallestTotalIsRefusedWhenOneSlotIsTakenAway() throws Exception {
    long slot = refusal("1").neededBytes() / 2;
    InsufficientMemoryException refusal =
        refused(SampleJob.onSampleModel().with("drey.memory.device", "1"));
    long needed = refusal.neededBytes();
    MoeEngine.open(SampleJob.onSampleModel().with("drey.memory.device", needed).engine()).close();

    InsufficientMemoryException lower =
        refused(SampleJob.onSampleModel().with("drey.memory.device", needed - slot));
    assertThat(lower).hasMessageContaining(String.valueOf(needed));
  }

  private static SampleJob withWindow(String size) {
    return SampleJob.onSampleModel().with("drey.memory.expert", size);
  }

  private static InsufficientMemoryException refusal(String window) {
    return refused(withWindow(window));
  }

  private static InsufficientMemoryException refused(SampleJob job) {
    InsufficientMemoryException[] refusal = new InsufficientMemoryException[1];
    assertThatThrownBy(() -> MoeEngine.open(job.engine()).close())
        .isInstanceOfSatisfying(InsufficientMemoryException.class, e -> refusal[0] = e);
    return refusal[0];
  }
}
