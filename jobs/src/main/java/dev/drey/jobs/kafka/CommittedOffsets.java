package dev.drey.jobs.kafka;

import dev.drey.jobs.options.KafkaSettings;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Looks where a start without state would begin. The offsets of the group say what was read, not
 * what was answered: records in a job's table are behind them, and only its state holds those.
 */
final class CommittedOffsets {
  private final Admin admin;
  private final KafkaClients clients;
  private final List<String> warnings;

  CommittedOffsets(Admin admin, KafkaClients clients, List<String> warnings) {
    this.admin = admin;
    this.clients = clients;
    this.warnings = warnings;
  }

  /** Warns if the group has read from the input before. */
  void check() throws InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> committed;
    try {
      committed =
          admin.listConsumerGroupOffsets(clients.group()).partitionsToOffsetAndMetadata().get();
    } catch (ExecutionException e) {
      warnings.add(
          "committed offsets of group %s could not be read: %s"
              .formatted(clients.group(), e.getCause()));
      return;
    }
    Map<Integer, String> begins = new TreeMap<>();
    committed.forEach(
        (partition, offset) -> {
          if (partition.topic().equals(clients.inputTopic()) && offset.offset() > 0) {
            begins.put(
                partition.partition(),
                "partition %d at offset %d".formatted(partition.partition(), offset.offset()));
          }
        });
    if (!begins.isEmpty()) {
      warnings.add(warning(String.join(", ", begins.values())));
    }
  }

  private String warning(String begins) {
    return ("this start goes on from no state, and begins topic %s where group %s has committed: %s."
            + " An earlier run with that group that was killed had read, but not answered, up to a"
            + " whole table of the records before: they would get no outcome. If there was one,"
            + " resume it with the parameters it had, or give %s earliest and keep one outcome of"
            + " each identity")
        .formatted(clients.inputTopic(), clients.group(), begins, KafkaSettings.START.name());
  }
}
