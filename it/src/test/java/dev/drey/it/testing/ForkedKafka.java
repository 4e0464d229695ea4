package dev.drey.it.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A Kafka broker in a process of its own, broker and controller in one. It can be killed and
 * started again on the same directory and port, and then has what was acknowledged before.
 */
public final class ForkedKafka implements AutoCloseable {
  private static final String CLUSTER_ID = "aXQtZm9ya2VkLWthZmthMQ";
  private static final int NODE = 1;
  private static final Duration START_LIMIT = Duration.ofSeconds(90);

  private final Path directory;
  private final int port = Ports.free();
  private final int controllerPort = Ports.free();
  private ForkedJvm process;

  private ForkedKafka(Path directory) throws Exception {
    this.directory = directory;
    Files.createDirectories(directory);
    format();
    process = launch();
  }

  /**
   * Starts a broker and waits until it answers.
   *
   * @param directory gets its log and settings
   */
  public static ForkedKafka start(Path directory) throws Exception {
    ForkedKafka kafka = new ForkedKafka(directory);
    try {
      kafka.awaitAnswer();
      return kafka;
    } catch (Exception | Error failure) {
      kafka.close();
      throw failure;
    }
  }

  /** Address for clients. */
  public String bootstrap() {
    return Ports.HOST + ":" + port;
  }

  /** Its topics. */
  public KafkaTopics topics() {
    return new KafkaTopics(bootstrap());
  }

  /** SIGKILL. */
  public void kill() {
    process.kill();
  }

  /** Starts it again on its directory and waits until it answers. */
  public void restart() throws Exception {
    process.close();
    process = launch();
    awaitAnswer();
  }

  private void format() throws Exception {
    new Formatter()
        .setPrintStream(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
        .setClusterId(CLUSTER_ID)
        .setNodeId(NODE)
        .setControllerListenerName("CONTROLLER")
        .setMetadataLogDirectory(data())
        .addDirectory(data())
        .setIgnoreFormatted(true)
        .run();
  }

  private String data() {
    return directory.resolve("data").toString();
  }

  private ForkedJvm launch() throws IOException {
    Path settings = directory.resolve("server.properties");
    try (Writer out = Files.newBufferedWriter(settings)) {
      properties().store(out, null);
    }
    return ForkedJvm.start(
        new ForkedJvm.Command(
            "kafka",
            directory,
            List.of("-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            Artifacts.kafka(),
            "kafka.Kafka",
            List.of(settings.toString()),
            Map.of()));
  }

  private Properties properties() {
    Properties p = new Properties();
    p.putAll(
        Map.of(
            "process.roles",
            "broker,controller",
            "node.id",
            String.valueOf(NODE),
            "controller.quorum.voters",
            "%d@%s:%d".formatted(NODE, Ports.HOST, controllerPort),
            "controller.listener.names",
            "CONTROLLER",
            "listeners",
            "PLAINTEXT://%s:%d,CONTROLLER://%s:%d"
                .formatted(Ports.HOST, port, Ports.HOST, controllerPort),
            "advertised.listeners",
            "PLAINTEXT://" + bootstrap(),
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs",
            data()));
    for (String internal :
        List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
      p.put(internal + ".replication.factor", "1");
      p.put(internal + ".num.partitions", "1");
    }
    p.put("transaction.state.log.min.isr", "1");
    p.put("share.coordinator.state.topic.min.isr", "1");
    p.put("group.initial.rebalance.delay.ms", "0");
    p.put("auto.create.topics.enable", "false");
    p.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
    // after SIGKILL the old registration has to expire before the broker may come back
    p.put("broker.session.timeout.ms", "2000");
    p.put("broker.heartbeat.interval.ms", "500");
    return p;
  }

  private void awaitAnswer() throws Exception {
    Map<String, Object> client =
        Map.of(
            AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrap(),
            AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
            2_000,
            AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
            5_000);
    try (Admin admin = Admin.create(client)) {
      Poll.until("the broker's answer", START_LIMIT, () -> answers(admin));
    }
  }

  private boolean answers(Admin admin) throws Exception {
    process.requireAlive();
    try {
      admin.describeCluster().nodes().get(5, TimeUnit.SECONDS);
      admin.listTopics().names().get(5, TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException | TimeoutException notYet) {
      return false;
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
