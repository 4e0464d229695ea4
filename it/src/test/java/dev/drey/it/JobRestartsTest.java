package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.Poll;
import dev.drey.it.testing.ProcessUse;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.operators.slot.AdmissionGate;
import dev.drey.runtime.slot.SlotRuntimes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process in which jobs come and go holds no more after many than after a few. */
class JobRestartsTest {
  private static final int RUNS = 20;
  private static final int WARM = 4;
  private static final int WINDOW = 4;
  private static final int SPARE_FILES = 3;
  private static final int SPARE_THREADS = 3;
  private static final long SPARE_METASPACE = 2 << 20;

  /** Far less than one engine of these runs holds: a share kept per run would exceed it. */
  private static final long SPARE_NATIVE = 32 << 20;

  @Test
  void nativeMemoryFilesThreadsAndMetaspaceStayFlatOverTwentyJobs(@TempDir Path directory)
      throws Exception {
    Path input =
        SamplePrompts.write(directory.resolve("in.jsonl"), SamplePrompts.greedyShort(4, 4));
    List<ProcessUse> uses = new ArrayList<>();
    try (InProcessCluster cluster = InProcessCluster.start(1)) {
      for (int run = 0; run < RUNS; run++) {
        Path parts = directory.resolve("parts-" + run);
        cluster.run(
            SampleJob.onSampleModel().with("drey.device.linger", "0 s").fromFile(input, parts));
        assertThat(SampleJob.join(input, parts).results()).hasSize(4);
        Poll.until(
            "the engine to be closed",
            Duration.ofSeconds(20),
            () -> SlotRuntimes.open().isEmpty() && AdmissionGate.openGates() == 0);
        uses.add(ProcessUse.now());
      }
    }
    List<ProcessUse> early = uses.subList(WARM, WARM + WINDOW);
    List<ProcessUse> late = uses.subList(RUNS - WINDOW, RUNS);
    assertFlat(early, late, ProcessUse::files, SPARE_FILES);
    assertFlat(early, late, ProcessUse::threads, SPARE_THREADS);
    assertFlat(early, late, ProcessUse::metaspaceBytes, SPARE_METASPACE);
    assertFlat(early, late, ProcessUse::nativeBytes, SPARE_NATIVE);
  }

  /** Compares least values: what is let go a moment later is no leak, what is kept is in all. */
  private static void assertFlat(
      List<ProcessUse> early, List<ProcessUse> late, ToLongFunction<ProcessUse> what, long spare) {
    long before = early.stream().mapToLong(what).min().orElseThrow();
    long after = late.stream().mapToLong(what).min().orElseThrow();
    assertThat(after).as("early %s, late %s", early, late).isLessThanOrEqualTo(before + spare);
  }
}
