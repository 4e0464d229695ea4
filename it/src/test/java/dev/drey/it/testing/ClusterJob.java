package dev.drey.it.testing;

import java.util.ArrayList;
import java.util.List;

/** The command line of a job on a session cluster: from topic to topics, JSON. */
public final class ClusterJob {
  private final List<String> arguments = new ArrayList<>();

  private ClusterJob(String command) {
    arguments.add(command);
  }

  /**
   * Generates with the sample model.
   *
   * @param input topic of the requests
   * @param output topic of the results; that of the dead letters has {@code -dead} at its end
   */
  public static ClusterJob generate(ForkedKafka kafka, String input, String output) {
    return new ClusterJob("generate")
        .with("--model", Artifacts.sampleModel())
        .with("--kafka-bootstrap", kafka.bootstrap())
        .with("--input-topic", input)
        .with("--output-topic", output)
        .with("--dead-letter-topic", output + "-dead")
        .with("--format", "json")
        .with("--consumer-group", "group-of-" + output)
        .with("--start", "earliest")
        .with("--threads", 1)
        .set("drey.kafka.transactional-id-prefix", output)
        .set("restart-strategy.type", "fixed-delay")
        .set("restart-strategy.fixed-delay.attempts", 100)
        .set("restart-strategy.fixed-delay.delay", "100 ms");
  }

  /** A flag with its value. */
  public ClusterJob with(String flag, Object value) {
    arguments.add(flag);
    arguments.add(value.toString());
    return this;
  }

  /** A flag without a value. */
  public ClusterJob with(String flag) {
    arguments.add(flag);
    return this;
  }

  /** A setting without a flag. */
  public ClusterJob set(String key, Object value) {
    return with("-D", key + "=" + value);
  }

  /** Checkpoints in a directory of the cluster, so often. */
  public ClusterJob checkpoints(ForkedCluster cluster, String interval) {
    return with("--checkpoint-interval", interval)
        .set("drey.schedule.step-time", "500 ms")
        .set("execution.checkpointing.storage", "filesystem")
        .set("execution.checkpointing.dir", cluster.directory().resolve("checkpoints").toUri());
  }

  /** The arguments. */
  public List<String> arguments() {
    return List.copyOf(arguments);
  }
}
