package dev.drey.jobs.kafka;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A real Kafka broker in this process: one node that is broker and controller, reachable from this
 * machine only, with its log in a directory of its own. Started again on the same directory it has
 * the same topics and records, at another port.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final Duration START_DEADLINE = Duration.ofSeconds(60);
  private static final String CLUSTER_ID = "ZHJleS1sb2NhbC1rYWZrYQ";
  private static final int NODE = 1;
  private static final String HOST = "127.0.0.1";

  private final KafkaRaftServer server;
  private final String bootstrap;
  private boolean open = true;

  private EmbeddedBroker(KafkaRaftServer server, String bootstrap) {
    this.server = server;
    this.bootstrap = bootstrap;
  }

  /**
   * Starts a broker and waits until it answers.
   *
   * @param directory where its log lies, or will
   * @param overrides broker settings that differ from the ones chosen here
   * @throws IOException if it does not answer in time
   */
  public static EmbeddedBroker start(Path directory, Map<String, String> overrides)
      throws IOException {
    int port = freePort();
    Properties properties = properties(directory, port, freePort());
    properties.putAll(overrides);
    format(directory);
    KafkaRaftServer server =
        new KafkaRaftServer(KafkaConfig.fromProps(properties, false), Time.SYSTEM);
    EmbeddedBroker broker = new EmbeddedBroker(server, HOST + ":" + port);
    try {
      server.startup();
      broker.awaitAnswer();
      return broker;
    } catch (IOException | RuntimeException e) {
      try {
        broker.close();
      } catch (RuntimeException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /** Address for clients. */
  public String bootstrap() {
    return bootstrap;
  }

  private static Properties properties(Path directory, int port, int controllerPort) {
    Properties p = new Properties();
    p.putAll(
        Map.ofEntries(
            Map.entry("process.roles", "broker,controller"),
            Map.entry("node.id", String.valueOf(NODE)),
            Map.entry("controller.quorum.voters", NODE + "@" + HOST + ":" + controllerPort),
            Map.entry("controller.listener.names", "CONTROLLER"),
            Map.entry(
                "listeners",
                "PLAINTEXT://%s:%d,CONTROLLER://%s:%d".formatted(HOST, port, HOST, controllerPort)),
            Map.entry("advertised.listeners", "PLAINTEXT://" + HOST + ":" + port),
            Map.entry("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
            Map.entry("log.dirs", directory.toString()),
            Map.entry("offsets.topic.replication.factor", "1"),
            Map.entry("offsets.topic.num.partitions", "1"),
            Map.entry("transaction.state.log.replication.factor", "1"),
            Map.entry("transaction.state.log.min.isr", "1"),
            Map.entry("transaction.state.log.num.partitions", "1"),
            Map.entry("share.coordinator.state.topic.replication.factor", "1"),
            Map.entry("share.coordinator.state.topic.min.isr", "1"),
            Map.entry("share.coordinator.state.topic.num.partitions", "1"),
            Map.entry("group.initial.rebalance.delay.ms", "0"),
            Map.entry("broker.session.timeout.ms", "3000"),
            Map.entry("broker.heartbeat.interval.ms", "500"),
            Map.entry("auto.create.topics.enable", "false"),
            Map.entry("num.network.threads", "1"),
            Map.entry("num.io.threads", "2")));
    return p;
  }

  private static void format(Path directory) {
    try {
      new Formatter()
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .setClusterId(CLUSTER_ID)
          .setNodeId(NODE)
          .setControllerListenerName("CONTROLLER")
          .setMetadataLogDirectory(directory.toString())
          .addDirectory(directory.toString())
          .setIgnoreFormatted(true)
          .run();
    } catch (Exception e) {
      throw new UncheckedIOException(
          new IOException("Kafka's log directory %s cannot be prepared".formatted(directory), e));
    }
  }

  private void awaitAnswer() throws IOException {
    Map<String, Object> client =
        Map.of(
            AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrap,
            AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
            (int) START_DEADLINE.toMillis());
    try (Admin admin = Admin.create(client)) {
      admin.describeCluster().nodes().get(START_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(
          "the broker at %s did not answer within %d s"
              .formatted(bootstrap, START_DEADLINE.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the broker started", e);
    }
  }

  /** Another process may take the port before the broker does; then the start fails. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Stops the broker cleanly; its log stays. */
  @Override
  public void close() {
    if (open) {
      open = false;
      server.shutdown();
      server.awaitShutdown();
    }
  }
}
