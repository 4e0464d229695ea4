package dev.drey.runtime.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.drey.runtime.synth.SyntheticFamily;
import dev.drey.runtime.synth.SyntheticModel;
import dev.drey.runtime.synth.SyntheticPrompts;
import dev.drey.runtime.synth.SyntheticRouting;
import dev.drey.runtime.synth.SyntheticSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What routers of a synthetic model were asked for is what an engine measures of them. */
class SyntheticRoutingTest {
  private static final SyntheticSpec SPEC =
      new SyntheticSpec(128, 3, 32, 2, 16, 2, 2, 16, 600, 512, 7);

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path temp;

  private RoutingProfile measured(SyntheticFamily family, SyntheticRouting routing)
      throws IOException {
    Path model = temp.resolve(family.label() + routing.hashCode());
    SyntheticModel.write(family, SPEC, routing, model);
    List<int[]> prompts = SyntheticPrompts.of(SPEC, routing.topics(), 16, 64);
    return RoutingMeasurement.measure(model, "cpu", 2, prompts);
  }

  private RoutingProfile measured(double skew, int topics, double locality, double correlation)
      throws IOException {
    return measured(
        SyntheticFamily.QWEN3_MOE, new SyntheticRouting(skew, topics, locality, correlation));
  }

  private static double skew(RoutingProfile profile) {
    return profile.mean(LayerRouting::zipfExponent);
  }

  private static double locality(RoutingProfile profile) {
    return profile.mean(LayerRouting::ownQuarter) - profile.mean(LayerRouting::popularQuarter);
  }

  private static double correlation(RoutingProfile profile) {
    return profile.meanOfNext(LayerRouting::guessedByChoice)
        - profile.meanOfNext(LayerRouting::guessedByPopularity);
  }

  @Test
  void skewMakesPopularityFollowZipfsLawWithAboutItsExponentAndNothingElse() throws IOException {
    RoutingProfile none = measured(0, 8, 0, 0);
    RoutingProfile some = measured(0.6, 8, 0, 0);
    RoutingProfile much = measured(1.2, 8, 0, 0);
    assertThat(skew(none)).isLessThan(0.35);
    assertThat(skew(some)).isCloseTo(0.6, within(0.15));
    assertThat(skew(much)).isCloseTo(1.2, within(0.3));
    assertThat(much.mean(LayerRouting::popularQuarter))
        .isGreaterThan(none.mean(LayerRouting::popularQuarter) + 0.2);
    assertThat(correlation(much)).isLessThan(0.1);
    assertThat(locality(much)).isLessThan(locality(none) + 0.05);
  }

  @Test
  void localityMakesAPromptKeepToExpertsOfItsOwnWhilePopularityStays() throws IOException {
    RoutingProfile none = measured(0, 8, 0, 0);
    RoutingProfile some = measured(0, 8, 0.4, 0);
    RoutingProfile much = measured(0, 8, 0.9, 0);
    assertThat(locality(some)).isGreaterThan(locality(none) + 0.1);
    assertThat(locality(much)).isGreaterThan(locality(some) + 0.1);
    assertThat(much.mean(LayerRouting::ownQuarter)).isGreaterThan(0.9);
    assertThat(much.mean(LayerRouting::popularQuarter)).isLessThan(0.7);
  }

  @Test
  void correlationMakesALayersChoiceTellTheNextOnesAndNothingElse() throws IOException {
    RoutingProfile none = measured(0, 8, 0, 0);
    RoutingProfile some = measured(0, 8, 0, 0.6);
    RoutingProfile much = measured(0, 8, 0, 0.95);
    assertThat(correlation(none)).isLessThan(0.05);
    assertThat(correlation(some)).isGreaterThan(correlation(none) + 0.05);
    assertThat(correlation(much)).isGreaterThan(correlation(some) + 0.2);
    assertThat(skew(much)).isLessThan(skew(none) + 0.15);
    assertThat(locality(much)).isLessThan(locality(none) + 0.1);
  }

  @ParameterizedTest
  @EnumSource(SyntheticFamily.class)
  void everyFamilyHasWhatItWasAskedFor(SyntheticFamily family) throws IOException {
    RoutingProfile all = measured(family, new SyntheticRouting(1, 8, 0.5, 0.8));
    assertThat(skew(all)).isBetween(0.6, 1.2);
    assertThat(locality(all)).isGreaterThan(0.1);
    assertThat(correlation(all)).isGreaterThan(0.1);
  }

  @Test
  void theSameModelHasTheSameProfileForAnyNumberOfThreads() throws IOException {
    SyntheticModel.write(SPEC, temp);
    List<int[]> prompts = SyntheticPrompts.of(SPEC, 0, 4, 16);
    assertThat(RoutingMeasurement.measure(temp, "cpu", 1, prompts))
        .isEqualTo(RoutingMeasurement.measure(temp, "cpu", 2, prompts));
  }

  @Test
  void promptsAreOfOneTopicEachAndNeverEndTheText() {
    List<int[]> prompts = SyntheticPrompts.of(SPEC, 3, 5, 500);
    for (int i = 0; i < prompts.size(); i++) {
      int topic = i % 3;
      assertThat(prompts.get(i)).hasSize(500).doesNotContain(0);
      assertThat(IntStream.of(prompts.get(i)))
          .allMatch(id -> id % 3 == topic && id < SPEC.vocabulary());
    }
    assertThat(SyntheticPrompts.of(SPEC, 3, 5, 500).get(4)).isEqualTo(prompts.get(4));
  }

  @Test
  void routingThatCannotBeIsRefusedWithTheRule() {
    refused("from 0 to 4.0, not -1.0", -1, 0, 0, 0);
    refused("from 0 to 4.0, not NaN", Double.NaN, 0, 0, 0);
    refused("0 or at least 2, not 1", 0, 1, 0, 0);
    refused("locality must be from 0 to 1, not 1.5", 0, 2, 1.5, 0);
    refused("locality 0.5 needs topics", 0, 0, 0.5, 0);
    refused("correlation must be from 0 to 1, not -0.1", 0, 0, 0, -0.1);
    assertThatThrownBy(() -> measured(1, 16, 0.5, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a width of 128 has room for 16 directions");
    assertThat(temp).isEmptyDirectory();
  }

  private static void refused(
      String rule, double skew, int topics, double locality, double correlation) {
    assertThatThrownBy(() -> new SyntheticRouting(skew, topics, locality, correlation))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(rule);
  }
}
