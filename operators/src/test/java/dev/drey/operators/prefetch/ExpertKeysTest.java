package dev.drey.operators.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.flink.KeyGroups;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpertKeysTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 128", "3, 12", "5, 360", "7, 128"})
  void everyKeyIsDistinctAndBelongsToItsReplica(int replicas, int maxParallelism) {
    Set<Integer> seen = new HashSet<>();
    for (int replica = 0; replica < replicas; replica++) {
      ExpertKeys keys = ExpertKeys.of(replica, maxParallelism, replicas, 4, 10);
      for (int layer = 0; layer < 4; layer++) {
        for (int expert = 0; expert < 10; expert++) {
          int key = keys.keyOf(layer, expert);
          assertThat(KeyGroups.subtaskOf(key, maxParallelism, replicas)).isEqualTo(replica);
          assertThat(seen.add(key)).isTrue();
        }
      }
    }
  }
}
