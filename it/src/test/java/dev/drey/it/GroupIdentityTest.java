package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.Artifacts;
import dev.drey.it.testing.Pairwise;
import dev.drey.it.testing.SampleJob;
import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.Devices;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertPacker;
import dev.drey.runtime.layers.ExpertOrder;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceProgress;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same requests give the same bits, whatever bulk work is made of: size of the group, shared
 * beginnings, sequences that lose their blocks and are computed again, where experts come from,
 * when they are computed. Every two choices of different kinds meet.
 */
class GroupIdentityTest {
  private static final int BLOCK = 64;
  private static final int AMPLE = 40 * BLOCK;

  /** Less than three sequences need at their end. */
  private static final int TIGHT = 7 * BLOCK;

  @TempDir private static Path directory;
  private static final Map<ComputeType, Map<String, String>> EXPECTED =
      new EnumMap<>(ComputeType.class);

  private enum Store {
    PUBLISHED,
    PACKED,
    PACKED_DIRECT
  }

  /** One way to run the requests. */
  record Way(
      ComputeType compute,
      int group,
      int microBatch,
      int threads,
      boolean reuse,
      int kvTokens,
      Store store,
      String policy,
      String experts,
      ExpertOrder order) {
    static final List<List<?>> CHOICES =
        List.of(
            List.of(ComputeType.values()),
            List.of(1, 3, 8),
            List.of(1, 4),
            List.of(1, 2, 3),
            List.of(true, false),
            List.of(AMPLE, TIGHT),
            List.of(Store.values()),
            List.of("classic.lru", "cyclic.scan"),
            List.of("10%", "50%"),
            List.of(ExpertOrder.values()));

    static Way of(List<?> row) {
      return new Way(
          (ComputeType) row.get(0),
          (Integer) row.get(1),
          (Integer) row.get(2),
          (Integer) row.get(3),
          (Boolean) row.get(4),
          (Integer) row.get(5),
          (Store) row.get(6),
          (String) row.get(7),
          (String) row.get(8),
          (ExpertOrder) row.get(9));
    }

    EngineConfig engine() {
      SampleJob job =
          SampleJob.onSampleModel()
              .with("drey.compute.type", nameOf(compute))
              .with("drey.compute.threads", threads)
              .with("drey.schedule.max-sequences", group)
              .with("drey.schedule.micro-batch", microBatch)
              .with("drey.schedule.max-step-tokens", 96)
              .with("drey.schedule.prefill-chunk", 48)
              .with("drey.schedule.prefix-reuse", reuse)
              .with("drey.memory.kv-tokens", kvTokens)
              .with("drey.memory.expert", experts)
              .with("drey.residency.policy", policy);
      if (store != Store.PUBLISHED) {
        job.with("drey.store.packed", packed(compute));
        job.with("drey.store.direct", store == Store.PACKED_DIRECT);
      }
      return job.engine().withExpertOrder(order);
    }
  }

  /**
   * What came of a run.
   *
   * @param outcomes by request, text that holds every bit
   * @param reused tokens that were not computed, because another sequence had them
   * @param preempted sequences that lost their blocks
   */
  private record Run(Map<String, String> outcomes, long reused, long preempted) {}

  @BeforeAll
  static void packAndRunOneByOne() throws IOException {
    for (ComputeType compute : ComputeType.values()) {
      pack(compute);
      Way plain =
          new Way(
              compute,
              1,
              1,
              1,
              false,
              AMPLE,
              Store.PUBLISHED,
              "classic.lru",
              "100%",
              ExpertOrder.ARRIVAL);
      EXPECTED.put(compute, run(plain).outcomes());
    }
  }

  private static void pack(ComputeType compute) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(Artifacts.sampleModel());
        Device device = Devices.open("cpu", 0, compute, 1);
        MemoryBudget budget = MemoryBudget.root("packing", 64 << 20);
        ExpertPacker packer = new ExpertPacker(checkpoint, device, budget)) {
      packer.write(packed(compute), done -> {});
    }
  }

  private static Path packed(ComputeType compute) {
    return directory.resolve("packed-" + nameOf(compute));
  }

  private static String nameOf(ComputeType compute) {
    return compute.name().toLowerCase(Locale.ROOT);
  }

  static Stream<Way> pairwise() {
    return Pairwise.rows(Way.CHOICES).stream().map(Way::of);
  }

  @ParameterizedTest
  @MethodSource("pairwise")
  void bulkWorkGivesTheBitsOfOneSequenceAtATime(Way way) throws IOException {
    assertThat(run(way).outcomes()).isEqualTo(EXPECTED.get(way.compute()));
  }

  /** Else the others would prove less than they say. */
  @Test
  void beginningsAreSharedAndBlocksAreLostInTheseRuns() throws IOException {
    ComputeType bf16 = ComputeType.BF16;
    Way sharing =
        new Way(
            bf16, 8, 4, 2, true, AMPLE, Store.PACKED, "cyclic.scan", "50%", ExpertOrder.ARRIVAL);
    Way losing =
        new Way(
            bf16, 8, 4, 2, false, TIGHT, Store.PACKED, "cyclic.scan", "50%", ExpertOrder.ARRIVAL);

    assertThat(run(sharing).reused()).isPositive();
    assertThat(run(losing).preempted()).isPositive();
  }

  private static Run run(Way way) throws IOException {
    try (MoeEngine engine = MoeEngine.open(way.engine())) {
      Map<String, String> outcomes = new TreeMap<>();
      DecodeLoop loop = new DecodeLoop(engine);
      loop.run(
          requests().stream().map(Sequence::fresh).iterator(),
          done -> outcomes.put(done.request().id(), describe(done.progress())));
      assertThat(engine.stats().kvBlocksUsed()).isZero();
      return new Run(outcomes, engine.stats().reusedTokens(), loop.scheduler().preemptions());
    }
  }

  private static String describe(SequenceProgress progress) {
    StringBuilder text = new StringBuilder(Arrays.toString(progress.outputIds()));
    for (float logprob : progress.logprobs()) {
      text.append(' ').append(Integer.toHexString(Float.floatToRawIntBits(logprob)));
    }
    return text.toString();
  }

  /** Two that begin alike and two that do not, greedy and sampled, and one that is scored. */
  private static List<SequenceRequest> requests() {
    SplittableRandom random = new SplittableRandom(11);
    int[] beginning = random.ints(BLOCK + 6, 0, 4096).toArray();
    List<SequenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int shared = i % 2 == 0 ? beginning.length : 0;
      int[] prompt = Arrays.copyOf(beginning, shared + 9 + i);
      for (int at = shared; at < prompt.length; at++) {
        prompt[at] = random.nextInt(4096);
      }
      requests.add(SequenceRequest.generate("generate-" + i, prompt, sampling(i)));
    }
    int[] scored = Arrays.copyOf(beginning, beginning.length + 5);
    requests.add(SequenceRequest.score("score", scored, BLOCK, 1));
    return requests;
  }

  private static SamplingParams sampling(int i) {
    double temperature = i < 2 ? 0 : 1;
    return new SamplingParams(
        2 * BLOCK - 10, temperature, 0, 1, 0, 1, 0, 0, i, Set.of(), List.of(), true, 0, 0);
  }
}
