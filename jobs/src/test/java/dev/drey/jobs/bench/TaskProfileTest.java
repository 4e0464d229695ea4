package dev.drey.jobs.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskProfileTest {
  private static StackTraceElement[] stack(String... frames) {
    return Arrays.stream(frames)
        .map(
            frame -> {
              int dot = frame.lastIndexOf('.');
              return new StackTraceElement(
                  frame.substring(0, dot), frame.substring(dot + 1), "File.java", 1);
            })
        .toArray(StackTraceElement[]::new);
  }

  @Test
  void aSampleCountsForTheFirstFrameThatIsFlinksOrOurs() {
    TaskProfile profile =
        TaskProfile.EMPTY
            .plus(
                stack(
                    "jdk.internal.misc.Unsafe.unpark",
                    "org.apache.flink.runtime.Mailbox.put",
                    "dev.drey.operators.pipeline.LayerStage.accept",
                    "dev.drey.runtime.MoeEngine.runLayers"))
            .plus(
                stack(
                    "org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute",
                    "dev.drey.runtime.device.cpu.MatmulCall.run",
                    "org.apache.flink.streaming.runtime.tasks.StreamTask.invoke"))
            .plus(
                stack(
                    "dev.drey.operators.pipeline.Results.of", "dev.drey.runtime.MoeEngine.sample"))
            .plus(stack("java.lang.Thread.run"));

    assertThat(profile.samples()).isEqualTo(4);
    assertThat(profile.flink()).isEqualTo(Map.of("Mailbox.put", 1));
    assertThat(profile.flinkShare()).isEqualTo(0.25);
    assertThat(profile.engineShare()).isEqualTo(0.25);
    assertThat(profile.operatorShare()).isEqualTo(0.25);
  }

  @Test
  void theMostFrequentPlacesInFlinkComeFirstWithTheirShareOfAllSamples() {
    TaskProfile profile = TaskProfile.EMPTY;
    for (int i = 0; i < 3; i++) {
      profile = profile.plus(stack("org.apache.flink.B.often"));
    }
    profile = profile.plus(stack("org.apache.flink.A.once")).plus(stack("dev.drey.runtime.X.y"));

    assertThat(profile.flinkText()).isEqualTo("B.often 60.0 %, A.once 20.0 %");
  }

  @Test
  void processorTimeIsSharedByKindOfThread() {
    assertThat(TaskProfile.EMPTY.withCpu(Map.of("task", 30L, "engine threads", 10L)).cpuText())
        .isEqualTo("engine threads 25.0 %, task 75.0 %");
  }
}
