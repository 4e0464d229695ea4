package dev.drey.runtime.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class EngineBenchTest {
  private static final Path MODEL = Path.of("src/test/resources/golden/qwen3_moe");

  private static BenchOptions options(List<MemorySize> memory, List<Phase> phases) {
    return options(memory, List.of("classic.lru"), phases, 3, new Group(3));
  }

  private static BenchOptions options(
      List<MemorySize> memory,
      List<String> policies,
      List<Phase> phases,
      int sequences,
      Group... groups) {
    return options(false, memory, policies, phases, sequences, groups);
  }

  private static BenchOptions options(
      boolean ablation,
      List<MemorySize> memory,
      List<String> policies,
      List<Phase> phases,
      int sequences,
      Group... groups) {
    return new BenchOptions(
        MODEL,
        "reference",
        0,
        ComputeType.F32,
        1,
        ablation,
        memory,
        null,
        policies,
        phases,
        sequences,
        List.of(groups),
        6,
        2,
        8,
        2,
        0,
        1,
        ExpertStorage.CHECKPOINT,
        5);
  }

  private static CaseResult find(BenchReport report, Phase phase, String name) {
    return report.results().stream()
        .filter(result -> result.phase() == phase && result.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void allCasesDoTheSameWorkWithTheSameBitsAndDifferInWhatTheyMove() throws IOException {
    List<String> progress = new ArrayList<>();
    BenchOptions options =
        options(
            List.of(MemorySize.ofPercent(100), MemorySize.ofPercent(50)), List.of(Phase.values()));
    BenchReport report = new EngineBench(options, progress::add).run();

    assertThat(report.results()).hasSize(4 * 3);
    assertThat(report.identical()).isTrue();
    for (Phase phase : Phase.values()) {
      List<CaseResult> results =
          report.results().stream().filter(result -> result.phase() == phase).toList();
      assertThat(results).extracting(CaseResult::tokens).containsOnly(results.get(0).tokens());
      assertThat(results).extracting(CaseResult::steps).containsOnly(results.get(0).steps());
      assertThat(results)
          .allSatisfy(
              result -> {
                assertThat(result.floor().nanos()).isPositive();
                assertThat(result.efficiencyInTurn().median())
                    .isGreaterThanOrEqualTo(result.efficiency().median());
              });
      assertThat(find(report, phase, "resident").moves().misses()).isZero();
      assertThat(find(report, phase, "resident").moves().bytes()).isZero();
      CaseResult onDemand = find(report, phase, "50% on demand");
      assertThat(onDemand.moves().hits()).isZero();
      assertThat(onDemand.moves().misses()).isPositive();
      assertThat(onDemand.floor().transferNanos()).isPositive();
      assertThat(find(report, phase, "50% LRU").moves().bytesPrefetch()).isZero();
    }
    assertThat(find(report, Phase.PREFILL, "resident").tokens()).isEqualTo(3 * 6);
    assertThat(find(report, Phase.DECODE, "resident").tokens()).isEqualTo(3 * 2);
    assertThat(find(report, Phase.DECODE, "resident").steps()).isEqualTo(2);
    assertThat(find(report, Phase.SCORE, "resident").tokens()).isEqualTo(3 * 5);
    assertThat(find(report, Phase.DECODE, "50% prefetch").moves().prefetchUsed()).isPositive();
    assertThat(find(report, Phase.DECODE, "resident").memoryShare()).isEqualTo(1);
    assertThat(find(report, Phase.DECODE, "50% LRU").memoryShare()).isLessThan(1);
    assertThat(progress)
        .filteredOn(line -> line.startsWith("decode round 1/2"))
        .extracting(line -> line.substring(18, line.indexOf(':')))
        .containsExactly("resident", "50% prefetch", "50% LRU", "50% on demand");
    checkTexts(report);
  }

  private static void checkTexts(BenchReport report) throws IOException {
    String table = BenchTable.of(report);
    assertThat(table)
        .contains("prefill: 3 sequences", "decode: 3 sequences", "score: 3 sequences")
        .contains("outputs identical in all cases")
        .contains("matmul   GFLOP/s by rows", "by operation")
        .doesNotContain("DIFFER");
    JsonNode json = new ObjectMapper().readTree(BenchJson.of(report));
    assertThat(json.get("identical").asBoolean()).isTrue();
    assertThat(json.get("results")).hasSize(12);
    JsonNode first = json.get("results").get(0);
    assertThat(first.get("tokens_per_second").get("median").asDouble()).isPositive();
    assertThat(first.get("hit_rate").asDouble()).isEqualTo(1);
    assertThat(json.get("machine").get("products").size()).isGreaterThan(10);
    assertThat(json.get("options").get("model").asText()).isEqualTo(MODEL.toString());
  }

  @Test
  void outputsThatDifferBetweenCasesAreSaidToDiffer() throws IOException {
    BenchReport report =
        new EngineBench(
                options(List.of(MemorySize.ofPercent(50)), List.of(Phase.SCORE)), line -> {})
            .run();
    List<CaseResult> results = new ArrayList<>(report.results());
    CaseResult last = results.remove(2);
    results.add(withOutputs(last, "other"));
    BenchReport changed =
        new BenchReport(
            report.options(),
            report.host(),
            report.machine(),
            report.model(),
            report.expertBytes(),
            results);
    assertThat(changed.identical()).isFalse();
    assertThat(BenchTable.of(changed)).contains("DIFFER between cases");
  }

  private static CaseResult withOutputs(CaseResult r, String outputs) {
    return new CaseResult(
        r.phase(),
        r.name(),
        r.kind(),
        r.group(),
        r.tokensPerSecond(),
        r.plannedTokensPerSecond(),
        r.floor(),
        r.efficiency(),
        r.efficiencyInTurn(),
        r.tokens(),
        r.steps(),
        r.touchedPerLayer(),
        r.moves(),
        r.measuredNanos(),
        r.rounds(),
        r.allocatedPerStep(),
        r.allocatedByAllPerStep(),
        r.fetchedBytes(),
        r.slots(),
        r.memoryBytes(),
        r.memoryShare(),
        outputs);
  }

  @Test
  void optionsThatMakeNoSenseAreRefusedWithTheRule() {
    assertThatThrownBy(() -> options(List.of(), List.of(Phase.SCORE)))
        .hasMessageContaining("at least one expert memory");
    assertThatThrownBy(() -> Phase.parse("warmup"))
        .hasMessageContaining("'warmup'")
        .hasMessageContaining("[prefill, decode, score]");
  }

  @Test
  void everyPolicyNamedIsACaseOfItsOwnAndAnUnknownOneIsRefused() {
    List<MemorySize> half = List.of(MemorySize.ofPercent(50));
    BenchOptions options =
        options(
            half, List.of("classic.lru", "cyclic.scan"), List.of(Phase.DECODE), 3, new Group(3));
    SizedGroup group = SizedGroup.fixed(new Group(3), options);
    assertThat(BenchCase.of(group, half.get(0), half.get(0), options))
        .extracting(BenchCase::name, BenchCase::policy)
        .contains(
            tuple("50% prefetch, classic.lru", "classic.lru"),
            tuple("50% prefetch, cyclic.scan", "cyclic.scan"));
    assertThatThrownBy(
            () -> options(half, List.of("classic.clock"), List.of(Phase.DECODE), 3, new Group(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cyclic.scan")
        .hasMessageContaining("classic.clock");
  }

  @Test
  void everyGroupComputesTheSameSequencesToTheSameBitsInStepsOfItsOwn() throws IOException {
    BenchOptions options =
        options(
            List.of(MemorySize.ofPercent(100), MemorySize.ofPercent(50)),
            List.of("classic.lru"),
            List.of(Phase.values()),
            5,
            Group.AUTO,
            new Group(1),
            new Group(2),
            new Group(5));
    List<String> progress = new ArrayList<>();
    BenchReport report = new EngineBench(options, progress::add).run();

    assertThat(report.identical()).isTrue();
    assertThat(report.results()).hasSize(3 * 4 * (1 + 3));
    assertThat(report.results())
        .filteredOn(result -> result.phase() == Phase.DECODE)
        .allSatisfy(
            result -> {
              int group = result.group().sequences();
              assertThat(result.tokens()).as("whole groups").isEqualTo((5 - 5 % group) * 2L);
            });
    assertThat(report.results())
        .filteredOn(result -> result.phase() == Phase.PREFILL)
        .extracting(CaseResult::tokens)
        .containsOnly(5L * 6);
    assertThat(find(report, Phase.DECODE, "resident, group 1").steps()).isEqualTo(5 * 2);
    assertThat(find(report, Phase.DECODE, "resident, group 2").steps()).isEqualTo(2 * 2);
    assertThat(find(report, Phase.DECODE, "resident, group 5").steps()).isEqualTo(2);
    assertThat(find(report, Phase.PREFILL, "resident, group 1").steps()).isEqualTo(5);
    assertThat(find(report, Phase.PREFILL, "resident, group 5").steps()).isEqualTo(4);
    CaseResult planned = find(report, Phase.DECODE, "50% prefetch, group auto");
    assertThat(planned.group().asked()).isEqualTo(Group.AUTO);
    assertThat(planned.group().sequences()).isBetween(1, 5);
    assertThat(progress).anyMatch(line -> line.startsWith("group auto with 50.0%: "));
  }

  @Test
  void whatThePlannerExpectsStandsBesideWhatItHasAModelOf() throws IOException {
    BenchReport report =
        new EngineBench(
                options(
                    List.of(MemorySize.ofPercent(100), MemorySize.ofPercent(50)),
                    List.of("classic.lru", "classic.lfu"),
                    List.of(Phase.values()),
                    3,
                    new Group(2)),
                line -> {})
            .run();
    for (Phase phase : Phase.values()) {
      assertThat(find(report, phase, "resident").plannedTokensPerSecond()).isPositive();
      CaseResult prefetch = find(report, phase, "50% prefetch, classic.lru");
      double planned = Objects.requireNonNull(prefetch.plannedTokensPerSecond());
      assertThat(planned).isPositive();
      assertThat(prefetch.plannedShare()).isEqualTo(planned / prefetch.tokensPerSecond().median());
      assertThat(find(report, phase, "50% prefetch, classic.lfu").plannedShare()).isNull();
      assertThat(find(report, phase, "50% LRU").plannedShare()).isNull();
      assertThat(find(report, phase, "50% on demand").plannedTokensPerSecond()).isNull();
    }
    assertThat(BenchTable.of(report)).contains("planned", "% of measured");
    JsonNode result = new ObjectMapper().readTree(BenchJson.of(report)).get("results").get(0);
    assertThat(result.get("planned_tokens_per_second").asDouble()).isPositive();
    assertThat(result.get("planned_share").asDouble()).isPositive();
    assertThat(result.at("/group/sequences").asInt()).isEqualTo(2);
  }

  @Test
  void anAblationAddsOneThingAtATimeToTheSameBitsAndSaysWhatItGains() throws IOException {
    List<MemorySize> windows = List.of(MemorySize.ofPercent(100), MemorySize.ofPercent(50));
    BenchOptions options =
        options(true, windows, List.of("classic.lru"), List.of(Phase.DECODE), 3, new Group(3));
    BenchReport report = new EngineBench(options, line -> {}).run();

    assertThat(report.identical()).isTrue();
    assertThat(report.results())
        .extracting(CaseResult::name)
        .containsExactly("resident", "50% simple", "50% + groups", "50% + prefetch", "50% + order");
    assertThat(find(report, Phase.DECODE, "50% simple").steps()).isEqualTo(3 * 2);
    assertThat(find(report, Phase.DECODE, "50% + groups").steps()).isEqualTo(2);
    assertThat(find(report, Phase.DECODE, "50% + groups").moves().hits()).isZero();
    assertThat(find(report, Phase.DECODE, "50% + prefetch").moves().prefetchUsed()).isPositive();
    assertThat(find(report, Phase.DECODE, "50% + prefetch").plannedShare()).isNull();
    assertThat(find(report, Phase.DECODE, "50% + order").plannedShare()).isPositive();
    Ablation ablation = report.ablations(Phase.DECODE).get(0);
    assertThat(ablation.stages())
        .extracting(stage -> stage.overlap() == null)
        .containsExactly(true, true, false, false);
    Ablation.Stage last = ablation.stages().get(3);
    assertThat(last.overSimple())
        .isCloseTo(
            ablation.stages().stream()
                .mapToDouble(Ablation.Stage::overPrevious)
                .reduce(1, (a, b) -> a * b),
            within(1e-9));
    assertThat(BenchTable.of(report)).contains("ablation of decode at 50%, group 3, classic.lru: ");
    JsonNode json = new ObjectMapper().readTree(BenchJson.of(report)).at("/ablations/0");
    assertThat(json.at("/stages/3/overlap/bound_share").asDouble()).isPositive();
    assertThat(json.at("/stages/1/overlap").isNull()).isTrue();
    assertThat(json.has("monotone")).isTrue();
  }

  @Test
  void anAblationNeedsASmallerWindowAndGroupsOfANumber() {
    List<MemorySize> half = List.of(MemorySize.ofPercent(50));
    List<Phase> decode = List.of(Phase.DECODE);
    List<String> lru = List.of("classic.lru");
    assertThatThrownBy(
            () -> options(true, List.of(MemorySize.ofPercent(100)), lru, decode, 3, new Group(3)))
        .hasMessageContaining("a window smaller than all experts for an ablation, found [100.0%]");
    assertThatThrownBy(() -> options(true, half, lru, decode, 3, Group.AUTO))
        .hasMessageContaining("at least 2, for an ablation, found [auto]");
    assertThatThrownBy(() -> options(true, half, lru, decode, 3, new Group(1)))
        .hasMessageContaining("at least 2, for an ablation, found [1]");
  }

  @Test
  void groupsThatCannotBeAreRefusedWithTheRule() {
    List<MemorySize> all = List.of(MemorySize.ofPercent(100));
    List<Phase> decode = List.of(Phase.DECODE);
    List<String> lru = List.of("classic.lru");
    assertThatThrownBy(() -> options(all, lru, decode, 3, new Group(4)))
        .hasMessageContaining("as many sequences as a round has (3), found 4");
    assertThatThrownBy(() -> options(all, lru, decode, 12, new Group(12)))
        .hasMessageContaining("one row per sequence of a group (12), found 8");
    assertThatThrownBy(() -> options(all, List.of("classic.lfu"), decode, 3, Group.AUTO))
        .hasMessageContaining("classic.lru")
        .hasMessageContaining("found [classic.lfu]");
    assertThatThrownBy(() -> Group.parse("0"))
        .hasMessageContaining("'0'")
        .hasMessageContaining("auto");
  }
}
