package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.InsufficientMemoryException;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.plan.Planner;
import dev.drey.runtime.plan.Workload;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans of real models: what is planned is what an engine then takes. */
class EnginePlannerTest {
  private static final Workload WORKLOAD = new Workload(40, 12);

  @TempDir private Path directory;

  private static EngineConfig config(String model) {
    return new EngineConfig(
        Path.of("src/test/resources/golden").resolve(model).toString(),
        "reference",
        ComputeType.F32,
        1,
        null,
        null,
        0,
        "gate.next-layer",
        "classic.lru",
        ScheduleConfig.DEFAULT,
        TransferConfig.DEFAULT);
  }

  @Test
  void theEngineAllocatesExactlyWhatWasPlanned() throws IOException {
    for (String model : List.of("qwen3_moe", "qwen3_next", "deepseek_v3")) {
      EngineConfig config = config(model);
      try (EnginePlanner engines = EnginePlanner.open(config)) {
        Machine machine = engines.machine(directory, Long.MAX_VALUE);
        Planner planner = engines.planner(machine, WORKLOAD, EnginePlanner.NO_SKEW, 8);
        long least = planner.leastBytes();
        for (long budget : new long[] {least, least + 200_000, engines.bytes(percent(100))}) {
          GroupPlan plan = planner.solve(budget);
          EngineConfig planned = engines.apply(plan, budget);

          assertThat(MoeEngine.plan(planned)).isEqualTo(plan.memory());
          assertThat(planned.schedule().maxSequences()).isEqualTo(plan.sequences());
        }
        assertThatThrownBy(() -> planner.solve(least - 1))
            .isInstanceOf(InsufficientMemoryException.class);
      }
    }
  }

  private static MemorySize percent(double percent) {
    return MemorySize.ofPercent(percent);
  }

  @Test
  void aMachineIsMeasuredOnce() {
    try (EnginePlanner engines = EnginePlanner.open(config("qwen3_moe"))) {
      Machine first = engines.machine(directory, Long.MAX_VALUE);
      Machine second = engines.machine(directory, Long.MAX_VALUE);

      assertThat(second.probeNanos()).isEqualTo(first.probeNanos());
      assertThat(engines.measure(directory, Long.MAX_VALUE).probeNanos())
          .isNotEqualTo(first.probeNanos());
    }
  }

  @Test
  void aPercentageIsOneOfTheFullyResidentTotal() {
    EngineConfig config = config("qwen3_moe");
    MemoryPlan resident = MoeEngine.plan(config);
    try (EnginePlanner engines = EnginePlanner.open(config)) {
      assertThat(engines.bytes(percent(100))).isEqualTo(resident.residentBytes());
      assertThat(engines.bytes(MemorySize.ofBytes(77))).isEqualTo(77);
    }
  }

  @Test
  void anEngineThatPlansItselfGivesTheSameTokensWithinItsMemory() throws IOException {
    EngineConfig config = config("qwen3_moe");
    EngineConfig planned = config.withMemory(percent(80), null).plannedFor(WORKLOAD);
    EngineConfig resolved = EnginePlanner.resolve(planned, directory).config();
    assertThat(tokens(resolved)).isEqualTo(tokens(config));
    try (MoeEngine engine = MoeEngine.open(resolved)) {
      long budget = MoeEngine.plan(config).residentBytes() * 8 / 10;
      assertThat(engine.info().memory().totalBytes()).isLessThanOrEqualTo(budget);
      assertThat(engine.info().schedule()).isNotEqualTo(config.schedule());
    }
  }

  private static int[] tokens(EngineConfig config) throws IOException {
    Sequence sequence =
        Sequence.fresh(
            SequenceRequest.generate(
                "r", new int[] {5, 6, 7, 8, 9, 10, 11}, SamplingParams.greedy(6)));
    try (MoeEngine engine = MoeEngine.open(config)) {
      new DecodeLoop(engine).run(List.of(sequence).iterator(), done -> {});
    }
    return sequence.outputIds();
  }

  @Test
  void planningWithoutATotalToSplitIsRefused() {
    EngineConfig config = config("qwen3_moe").plannedFor(WORKLOAD);
    assertThatThrownBy(() -> MoeEngine.open(config))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hard total of device memory");
  }
}
