package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.operators.records.Outcome;
import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.WithToyWorld;
import dev.drey.schemas.DeadLetter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.Test;

class PoisonTest extends WithToyWorld {
  private static final List<String> POISON =
      List.of("", "no json", "{\"prompt\":\"x\",\"max_tokens\":0}", "{\"prompt\":\"\"}");

  private static String mixed(int partition, long offset) {
    return offset % 3 == 0
        ? POISON.get((int) (offset / 3 % POISON.size()))
        : Requests.greedy(partition, offset, 10);
  }

  @Test
  void badRecordsBecomeDeadLettersWithTheirBytesAndNothingRestarts(TestCluster cluster)
      throws Exception {
    ListSource source = new ListSource(2, 30, true, PoisonTest::mixed);
    JobID job = cluster.submit(job(source).graph());
    cluster.await(job);
    assertThat(cluster.attempts(job, "head")).containsOnly(0);
    assertThat(world.committed()).hasSize(60);
    assertThat(world.committed()).extracting(o -> o.origin().identity()).doesNotHaveDuplicates();
    world.committed().forEach(PoisonTest::assertRight);
  }

  private static void assertRight(Outcome outcome) {
    if (outcome.origin().offset() % 3 != 0) {
      Requests.assertAnswered(outcome, 10);
      return;
    }
    DeadLetter letter = outcome.deadLetter();
    assertThat(letter).as(outcome.toString()).isNotNull();
    if (letter != null) {
      assertThat(StandardCharsets.UTF_8.decode(letter.getValue().duplicate()).toString())
          .isEqualTo(mixed(letter.getPartition(), letter.getOffset()));
      assertThat(StandardCharsets.UTF_8.decode(letter.getKey().duplicate()).toString())
          .isEqualTo("k" + letter.getOffset());
      assertThat(letter.getId()).isEqualTo(outcome.origin().identity());
      assertThat(letter.getTimestamp()).isEqualTo(1000 + letter.getOffset());
    }
  }

  @Test
  void tooManyBadRecordsStopTheJobWithoutARestart(TestCluster cluster) throws Exception {
    ListSource source = new ListSource(1, 30, true, PoisonTest::mixed);
    JobID job =
        cluster.submit(job(source).options(o -> o.breaker(new BreakerLimits(1000, 1, 4))).graph());
    assertThatThrownBy(() -> cluster.await(job))
        .rootCause()
        .isInstanceOf(TooManyBadRecordsException.class)
        .hasMessageContaining("5 bad records")
        .hasMessageContaining("list-0-12");
    assertThat(cluster.awaitEnd(job)).isEqualTo(JobStatus.FAILED);
    assertThat(cluster.attempts(job, "head")).containsOnly(0);
    assertThat(world.committed())
        .as("nothing of a failed job is committed twice or lost")
        .isEmpty();
  }
}
