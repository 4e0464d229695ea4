package dev.drey.jobs.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.jobs.bench.FlinkReport.Side;
import dev.drey.runtime.bench.Spread;
import java.util.List;
import org.junit.jupiter.api.Test;

class FlinkReportTest {
  private static final List<List<Integer>> IDS = List.of(List.of(1, 2), List.of(3));

  private static Side side(double tokensPerSecond) {
    return new Side(10, 100, tokensPerSecond, 0.01, IDS);
  }

  private static FlinkReport report(List<Side> bare, List<Side> flink) {
    return FlinkReport.of("25%", 2, bare, flink, TaskProfile.EMPTY);
  }

  @Test
  void theRatioIsTakenPairByPairSoThatASlowMinuteFallsOnBothSides() {
    FlinkReport report =
        report(List.of(side(100), side(50), side(200)), List.of(side(90), side(49), side(200)));

    assertThat(report.ratio()).isEqualTo(new Spread(0.98, 0.9, 1));
    assertThat(report.bare().median()).isEqualTo(100);
    assertThat(report.flink().median()).isEqualTo(90);
    assertThat(report.holds()).isTrue();
    assertThat(report.text())
        .contains("98.0 % (90.0-100.0)")
        .contains("same token ids", "10 steps");
  }

  @Test
  void aJobThatIsTooSlowOrWritesOtherTokensDoesNotHold() {
    assertThat(report(List.of(side(100)), List.of(side(94))).holds()).isFalse();
    Side other = new Side(10, 100, 100, 0, List.of(List.of(1, 2), List.of(4)));
    FlinkReport different = report(List.of(side(100)), List.of(other));
    assertThat(different.identical()).isFalse();
    assertThat(different.holds()).isFalse();
    assertThat(different.text()).contains("token ids DIFFER");
  }

  @Test
  void jsonHasTheSpreadsAndTheProfile() {
    var json = report(List.of(side(100)), List.of(side(100))).json();
    assertThat(json.at("/ratio/median").asDouble()).isEqualTo(1);
    assertThat(json.at("/expert_memory").asText()).isEqualTo("25%");
    assertThat(json.at("/profile/samples").asInt()).isZero();
    assertThat(json.at("/holds").asBoolean()).isTrue();
  }
}
