package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertPacker;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The sample model gives the same bits whatever policy chooses what leaves the window. */
class PolicyIdentityTest {
  private static final String MODEL = "../examples/sample-qwen3-moe";
  private static final int TOKENS = 24;
  private static final List<String> PROMPTS =
      List.of(
          "Once upon a time", "The old lighthouse keeper", "One day a little dog named", "Tom and");

  private static List<String> expected = List.of();

  @BeforeAll
  static void runWithAllExpertsResident() throws IOException {
    expected = run("classic.lru", "none", "100%");
    assertThat(expected).hasSize(PROMPTS.size()).doesNotHaveDuplicates();
  }

  static Set<String> policies() {
    return CachePolicies.names();
  }

  @ParameterizedTest
  @MethodSource("policies")
  void aQuarterOfTheExpertsWithPrefetching(String policy) throws IOException {
    assertThat(run(policy, "gate.next-layer", "25%")).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("policies")
  void fewerExpertsThanALayerHasOnDemand(String policy) throws IOException {
    assertThat(run(policy, "none", "6%")).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void packedExpertsReadThroughThePageCacheOrPastIt(boolean direct) throws IOException {
    Path packed = Files.createTempDirectory(Path.of("target"), "packed");
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(MODEL));
        Device device = Devices.open("cpu", 0, ComputeType.F32, 1);
        MemoryBudget budget = MemoryBudget.root("packing", 64 << 20)) {
      try (ExpertPacker packer = new ExpertPacker(checkpoint, device, budget)) {
        packer.write(packed, done -> {});
      }
      ExpertStorage storage = new ExpertStorage(packed.toString(), direct);
      assertThat(run("classic.lru", "gate.next-layer", "25%", storage)).isEqualTo(expected);
    } finally {
      try (Stream<Path> files = Files.list(packed)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(packed);
    }
  }

  private static List<String> run(String policy, String predictor, String expertMemory)
      throws IOException {
    return run(policy, predictor, expertMemory, ExpertStorage.CHECKPOINT);
  }

  /** Ids and log-probabilities to the last bit, one line per prompt. */
  private static List<String> run(
      String policy, String predictor, String expertMemory, ExpertStorage storage)
      throws IOException {
    EngineConfig config =
        new EngineConfig(
                MODEL,
                "cpu",
                ComputeType.F32,
                2,
                null,
                MemorySize.parse(expertMemory),
                512,
                predictor,
                policy,
                new ScheduleConfig(4, 4, 64, 32, 1_000_000_000L),
                TransferConfig.DEFAULT)
            .withStorage(storage);
    List<String> lines = new ArrayList<>();
    try (MoeEngine engine = MoeEngine.open(config)) {
      List<Sequence> sequences = new ArrayList<>();
      for (String prompt : PROMPTS) {
        int[] ids = engine.tokenizer().orElseThrow().encode(prompt);
        sequences.add(Sequence.fresh(SequenceRequest.generate(prompt, ids, sampling())));
      }
      new DecodeLoop(engine).run(sequences.iterator(), done -> {});
      for (Sequence sequence : sequences) {
        lines.add(
            Arrays.toString(sequence.progress().outputIds())
                + Arrays.toString(bits(sequence.progress().logprobs())));
      }
      ResidencyStats stats = engine.stats().residency();
      assertThat(stats.evictions() > 0).isEqualTo(!expertMemory.equals("100%"));
    }
    return lines;
  }

  private static SamplingParams sampling() {
    return new SamplingParams(TOKENS, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), true, 0, 0);
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
