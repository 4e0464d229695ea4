package dev.drey.jobs.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskProfileTest {
  private static final String TASK = "[Source: source -> parse -> head (1/1)#0 tid=7];";
  private static final String INVOKE =
      TASK + "java/lang/Thread.run;org/apache/flink/streaming/runtime/tasks/StreamTask.invoke;";

  @Test
  void aSampleCountsForTheTopmostFrameThatIsFlinksOrOurs() {
    TaskProfile profile =
        TaskProfile.of(
            List.of(
                INVOKE
                    + "dev/drey/runtime/MoeEngine.runLayers;"
                    + "dev/drey/operators/pipeline/LayerStage$Range.accept;"
                    + "org/apache/flink/runtime/Mailbox.put;jdk/internal/misc/Unsafe.unpark 2",
                INVOKE + "dev/drey/runtime/device/cpu/MatmulCall.run;dnnl_primitive_execute 5",
                INVOKE + "dev/drey/operators/pipeline/Results.of 1",
                TASK + "java/lang/Thread.run 2"),
            4096);

    assertThat(profile.samples()).isEqualTo(10);
    assertThat(profile.flink()).isEqualTo(Map.of("Mailbox.put", 2));
    assertThat(profile.flinkShare()).isEqualTo(0.2);
    assertThat(profile.engineShare()).isEqualTo(0.5);
    assertThat(profile.operatorShare()).isEqualTo(0.1);
    assertThat(profile.allocatedPerStep()).isEqualTo(4096);
  }

  @Test
  void theMostFrequentPlacesInFlinkComeFirstWithTheirShareOfTheTasksSamples() {
    TaskProfile profile =
        TaskProfile.of(
            List.of(
                TASK + "org/apache/flink/B.often 3",
                TASK + "org/apache/flink/A.once 1",
                TASK + "dev/drey/runtime/X.y 1"),
            0);

    assertThat(profile.flinkText()).isEqualTo("B.often 60.0 %, A.once 20.0 %");
  }

  @Test
  void processorTimeIsSharedByKindOfThread() {
    TaskProfile profile =
        TaskProfile.of(
            List.of(
                TASK + "dev/drey/runtime/X.y 500",
                "[drey-compute-1 tid=9];java/lang/Thread.run 200",
                "[prefetch (1/1)#0 tid=10];java/lang/Thread.run 100",
                "[flink-pekko.actor.default-dispatcher-5 tid=12];java/lang/Thread.run 60",
                "[flink-pekko.actor.default-dispatcher-15 tid=13];java/lang/Thread.run 50",
                "[C1 CompilerThre tid=11];start_thread 89",
                "[VM Thread tid=14];start_thread 1",
                ""),
            0);

    assertThat(profile.samples()).isEqualTo(500);
    assertThat(profile.threadText())
        .isEqualTo(
            "task 50.0 %, engine threads 20.0 %, flink-pekko.actor.default-dispatcher 11.0 %,"
                + " prefetch task 10.0 %, C1 CompilerThre 8.9 %, others together 0.1 %");
  }
}
