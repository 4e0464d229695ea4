package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.it.testing.Artifacts;
import dev.drey.it.testing.ForkedCluster;
import dev.drey.it.testing.RestApi;
import dev.drey.it.testing.RestJob;
import dev.drey.it.testing.ResultFile;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.it.testing.Services;
import dev.drey.jobs.run.DetachedJoin;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.plan.MemoryPlan;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files to files on a cluster: what is refused when a job is submitted, and what it leaves. */
@ExtendWith(Services.class)
class SubmissionTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int RECORDS = 6;
  private static final int TOKENS = 6;

  @TempDir private static Path directory;

  private static List<String> arguments(Path input, String name, String... more) {
    List<String> arguments = new ArrayList<>(List.of("generate"));
    arguments.addAll(List.of("--model", Artifacts.sampleModel().toString()));
    arguments.addAll(List.of("--input", input.toString()));
    arguments.addAll(List.of("--output", directory.resolve(name).toString()));
    arguments.addAll(List.of("--threads", "1", "--replicas", "2"));
    arguments.addAll(List.of(more));
    return arguments;
  }

  @Test
  void aBudgetThatIsTooSmallIsRefusedBeforeThereIsAJob(ForkedCluster cluster) throws Exception {
    Path input =
        SamplePrompts.write(directory.resolve("refused.jsonl"), SamplePrompts.greedyShort(1, 1));
    MemoryPlan plan =
        MoeEngine.plan(
            SampleJob.onSampleModel()
                .with("drey.compute.threads", 1)
                .with("drey.memory.expert", "25%")
                .engine());
    long needed = plan.totalBytes() - (plan.slots() - 2) * plan.slotBytes();
    String jar = cluster.upload(Artifacts.jobJar());
    int jobs = cluster.rest().get("/jobs").path("jobs").size();

    assertThatThrownBy(
            () ->
                cluster.run(
                    jar,
                    arguments(input, "refused", "--device-memory", String.valueOf(needed - 1)),
                    null))
        .isInstanceOf(RestApi.RefusedException.class)
        .hasMessageContaining("the smallest that works is " + needed + " bytes");

    assertThat(cluster.rest().get("/jobs").path("jobs")).hasSize(jobs);
    assertThat(directory.resolve("refused")).doesNotExist();
  }

  @Test
  void aDetachedRunOverFilesIsJoinedOnceItHasFinished(ForkedCluster cluster) throws Exception {
    Path input =
        SamplePrompts.write(
            directory.resolve("detached.jsonl"), SamplePrompts.greedyShort(RECORDS, TOKENS));
    String jar = cluster.upload(Artifacts.jobJar());

    RestJob job = cluster.run(jar, arguments(input, "detached"), null);
    job.awaitFinished(PATIENCE);
    cluster.awaitFreeSlots(2);

    Path output = directory.resolve("detached");
    assertThat(output.resolve("results.jsonl")).doesNotExist();
    assertThat(DetachedJoin.join(output).results()).isEqualTo(RECORDS);
    ResultFile joined = ResultFile.read(output);
    assertThat(joined.deadLetters()).isEmpty();
    assertThat(joined.byCustomId()).hasSize(RECORDS);
  }
}
