package dev.drey.jobs.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;

class ValidatorTest {
  private static List<String> problems(Map<String, String> settings) {
    return Validator.problems(Configuration.fromMap(settings), List.of());
  }

  @Test
  void theDefaultsAreSound() {
    assertThat(problems(Map.of())).isEmpty();
  }

  @Test
  void everythingThatIsWrongIsReportedAtOnce() {
    Configuration settings =
        Configuration.fromMap(
            Map.of(
                "drey.pipeline.stages", "0",
                "drey.pipeline.replicas", "many",
                "drey.memory.expert", "120%",
                "drey.compute.type", "fp8",
                "drey.errors.max-share", "1.5",
                "execution.runtime-mode", "BATCH"));

    assertThatThrownBy(() -> Validator.check(settings, List.of(EngineSettings.MODEL)))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused ->
                assertThat(refused.problems())
                    .hasSize(7)
                    .anySatisfy(
                        p ->
                            assertThat(p)
                                .contains("drey.pipeline.stages (--stages)")
                                .contains("expected at least 1, found 0"))
                    .anySatisfy(
                        p -> assertThat(p).contains("drey.pipeline.replicas").contains("'many'"))
                    .anySatisfy(p -> assertThat(p).contains("drey.memory.expert").contains("100%"))
                    .anySatisfy(p -> assertThat(p).contains("expected one of f32, bf16"))
                    .anySatisfy(
                        p -> assertThat(p).contains("drey.errors.max-share").contains("1.5"))
                    .anySatisfy(
                        p -> assertThat(p).contains("drey.model.path (--model)").contains("needed"))
                    .anySatisfy(
                        p ->
                            assertThat(p)
                                .contains("execution.runtime-mode")
                                .contains("expected STREAMING, found BATCH")));
  }

  @Test
  void anUnknownKeyIsRefusedWithTheOneThatWasProbablyMeant() {
    assertThat(problems(Map.of("drey.pipline.stages", "2")))
        .singleElement()
        .asString()
        .contains("drey.pipline.stages")
        .contains("did you mean drey.pipeline.stages?");
  }

  @Test
  void anUnknownKeyThatResemblesNothingPointsToTheReference() {
    assertThat(problems(Map.of("drey.colour", "red")))
        .singleElement()
        .asString()
        .contains("docs/configuration.md");
  }

  @Test
  void aPolicyOrPredictorNobodyKnowsIsRefusedWithTheKnownNames() {
    assertThat(
            problems(Map.of("drey.residency.policy", "lru", "drey.prediction.predictor", "oracle")))
        .satisfiesExactlyInAnyOrder(
            policy ->
                assertThat(policy)
                    .contains("drey.residency.policy (--policy)", "classic.lru", "found 'lru'"),
            predictor ->
                assertThat(predictor)
                    .contains("drey.prediction.predictor (--predictor)")
                    .contains(
                        "gate.next-layer, ", "infinity.activation-trace, ", "found 'oracle'"));
  }

  @Test
  void propertiesOfKafkasClientsPassAsTheyAre() {
    assertThat(problems(Map.of("drey.kafka.properties.security.protocol", "SSL"))).isEmpty();
  }

  @Test
  void aStepMustHoldOneTokenOfEverySequence() {
    assertThat(
            problems(
                Map.of("drey.schedule.max-sequences", "64", "drey.schedule.max-step-tokens", "32")))
        .singleElement()
        .asString()
        .contains("drey.schedule.max-step-tokens")
        .contains("64")
        .contains("found 32");
  }

  @Test
  void aStepLongerThanHalfTheCheckpointIntervalIsRefusedWithBothNumbers() {
    assertThat(
            problems(
                Map.of(
                    "drey.schedule.step-time", "2 s", "execution.checkpointing.interval", "3 s")))
        .singleElement()
        .asString()
        .contains("3000 ms")
        .contains("found 2000 ms");
  }

  @Test
  void aDefaultStepLongerThanHalfTheCheckpointIntervalIsRefusedToo() {
    assertThat(problems(Map.of("execution.checkpointing.interval", "1 s")))
        .singleElement()
        .asString()
        .startsWith("drey.schedule.step-time")
        .contains("= 1000 ms, found 1000 ms (the default)");
    assertThat(problems(Map.of("drey.schedule.step-time", "6 s")))
        .singleElement()
        .asString()
        .contains("= 10000 ms (the default), found 6000 ms");
  }

  @Test
  void hostMemoryNeedsADeviceWithMemoryOfItsOwn() {
    assertThat(problems(Map.of("drey.memory.host", "50%")))
        .singleElement()
        .asString()
        .contains("drey.memory.host (--host-memory): needs drey.device (--device) cuda or auto")
        .contains("found cpu")
        .contains("drey.memory.device");
    for (String device : new String[] {"cuda", "auto"}) {
      assertThat(problems(Map.of("drey.memory.host", "8g", "drey.device", device))).isEmpty();
    }
  }

  @Test
  void recordsComeFromFilesOrFromTopics() {
    assertThat(
            problems(
                Map.of(
                    "drey.input.path", "a.jsonl", "drey.kafka.bootstrap-servers", "localhost:1")))
        .singleElement()
        .asString()
        .contains("not both");
  }

  @Test
  void topicsNeedBrokers() {
    assertThat(problems(Map.of("drey.kafka.output-topic", "out")))
        .singleElement()
        .asString()
        .contains("drey.kafka.output-topic")
        .contains("needs drey.kafka.bootstrap-servers");
  }
}
