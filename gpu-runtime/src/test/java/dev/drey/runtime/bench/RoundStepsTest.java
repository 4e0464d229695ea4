package dev.drey.runtime.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundStepsTest {
  /** 10 sequences of 100 prompt tokens and 20 decode steps; steps of 256 rows. */
  private static final BenchOptions OPTIONS =
      new BenchOptions(
          Path.of("model"),
          "reference",
          0,
          ComputeType.F32,
          1,
          false,
          List.of(MemorySize.ofPercent(100)),
          null,
          List.of("classic.lru"),
          List.of(Phase.values()),
          10,
          List.of(new Group(10)),
          100,
          20,
          256,
          1,
          0,
          1,
          ExpertStorage.CHECKPOINT,
          5);

  private static RoundSteps steps(Phase phase, int group) {
    return RoundSteps.of(phase, SizedGroup.fixed(new Group(group), OPTIONS), OPTIONS);
  }

  @Test
  void decodingHasARowForEachSequenceOfAGroupInWholeGroups() {
    RoundSteps decoding = steps(Phase.DECODE, 4);

    assertThat(decoding.count()).as("two groups of 4 out of 10").isEqualTo(2 * 20);
    assertThat(decoding.step().decodeRows()).isEqualTo(4);
    assertThat(decoding.step().logitRows()).isEqualTo(4);
    assertThat(decoding.step().decodeContext()).isBetween(110.0, 115.0);
  }

  @Test
  void promptsFillWholeStepsAsFarAsRowsAndPlacesAllow() {
    RoundSteps byRows = steps(Phase.PREFILL, 10);
    assertThat(byRows.count()).as("1,000 tokens, 256 rows").isEqualTo(4);
    assertThat(byRows.step().rows()).isCloseTo(250, within(1e-9));
    assertThat(byRows.step().logitRows()).isCloseTo(2.5, within(1e-9));
    RoundSteps byPlaces = steps(Phase.PREFILL, 2);
    assertThat(byPlaces.count()).as("two prompts a step").isEqualTo(5);
    assertThat(byPlaces.step().rows()).isCloseTo(200, within(1e-9));
  }

  @Test
  void scoringComputesAllButTheLastTokenAndWantsEveryLogit() {
    RoundSteps scoring = steps(Phase.SCORE, 2);

    assertThat(scoring.count()).isEqualTo(5);
    assertThat(scoring.step().rows()).isCloseTo(198, within(1e-9));
    assertThat(scoring.step().logitRows()).isCloseTo(198, within(1e-9));
  }
}
