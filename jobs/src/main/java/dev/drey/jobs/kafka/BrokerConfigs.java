package dev.drey.jobs.kafka;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;

/** Reads numbers out of brokers' and topics' configurations; what it may not see is a warning. */
final class BrokerConfigs {
  private final Admin admin;
  private final List<String> warnings;

  BrokerConfigs(Admin admin, List<String> warnings) {
    this.admin = admin;
    this.warnings = warnings;
  }

  /** A setting of any one broker; they are expected to agree. */
  Optional<Long> ofBroker(String name) throws InterruptedException {
    try {
      Node any = admin.describeCluster().nodes().get().iterator().next();
      return read(new ConfigResource(ConfigResource.Type.BROKER, any.idString()), name);
    } catch (ExecutionException e) {
      return unreadable("the broker's " + name, e);
    }
  }

  /** A setting of a topic. */
  Optional<Long> ofTopic(String topic, String name) throws InterruptedException {
    try {
      return read(new ConfigResource(ConfigResource.Type.TOPIC, topic), name);
    } catch (ExecutionException e) {
      return unreadable("%s of topic %s".formatted(name, topic), e);
    }
  }

  private Optional<Long> read(ConfigResource resource, String name)
      throws ExecutionException, InterruptedException {
    ConfigEntry entry =
        admin.describeConfigs(List.of(resource)).all().get().values().iterator().next().get(name);
    return entry == null || entry.value() == null
        ? Optional.empty()
        : Optional.of(Long.valueOf(entry.value()));
  }

  private Optional<Long> unreadable(String what, ExecutionException failure) {
    warnings.add("%s could not be read: %s".formatted(what, failure.getCause()));
    return Optional.empty();
  }
}
