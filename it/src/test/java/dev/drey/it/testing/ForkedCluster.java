package dev.drey.it.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session cluster of processes: one JobManager and TaskManagers with one slot each, with nothing
 * but Flink, its logging and the runtime jar on their class path. Jobs come as jars over REST.
 */
public final class ForkedCluster implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final Path directory;
  private final ForkedJvm jobManager;
  private final RestApi rest;
  private final Map<String, ForkedJvm> taskManagers = new LinkedHashMap<>();
  private int started;

  private ForkedCluster(Path directory) throws IOException {
    this.directory = directory;
    int port = Ports.free();
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("config.yaml"), configuration(directory, port));
    this.rest = new RestApi("http://%s:%d".formatted(Ports.HOST, port));
    this.jobManager =
        fork(
            "jobmanager",
            List.of("-Xmx400m", "-XX:TieredStopAtLevel=1"),
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
            List.of());
  }

  /** Starts a cluster and waits until all its slots are free. */
  public static ForkedCluster start(Path directory, int taskManagers) throws Exception {
    ForkedCluster cluster = new ForkedCluster(directory);
    try {
      for (int i = 0; i < taskManagers; i++) {
        cluster.startTaskManager();
      }
      cluster.awaitFreeSlots(taskManagers);
      return cluster;
    } catch (Exception | Error failure) {
      cluster.close();
      throw failure;
    }
  }

  private static String configuration(Path directory, int restPort) {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("jobmanager.rpc.address", Ports.HOST);
    c.put("jobmanager.bind-host", Ports.HOST);
    c.put("jobmanager.rpc.port", Ports.free());
    c.put("rest.address", Ports.HOST);
    c.put("rest.bind-address", Ports.HOST);
    c.put("rest.port", restPort);
    c.put("web.upload.dir", directory.resolve("uploads"));
    c.put("io.tmp.dirs", directory.resolve("tmp"));
    c.put("taskmanager.host", Ports.HOST);
    c.put("taskmanager.bind-host", Ports.HOST);
    c.put("taskmanager.numberOfTaskSlots", 1);
    // without Flink's shell scripts every part of a TaskManager's memory has to be said
    c.put("taskmanager.cpu.cores", 1.0);
    c.put("taskmanager.memory.task.heap.size", "384mb");
    c.put("taskmanager.memory.task.off-heap.size", "512mb");
    c.put("taskmanager.memory.network.min", "32mb");
    c.put("taskmanager.memory.network.max", "32mb");
    c.put("taskmanager.memory.managed.size", "8mb");
    c.put("taskmanager.memory.framework.heap.size", "64mb");
    c.put("taskmanager.memory.framework.off-heap.size", "64mb");
    c.put("taskmanager.memory.jvm-metaspace.size", "256mb");
    c.put("taskmanager.memory.jvm-overhead.min", "64mb");
    c.put("taskmanager.memory.jvm-overhead.max", "64mb");
    c.put("heartbeat.interval", 500);
    c.put("heartbeat.timeout", 5000);
    c.put("metrics.fetcher.update-interval", 250);
    c.put("web.refresh-interval", 250);
    c.put("rest.flamegraph.enabled", false);
    StringBuilder yaml = new StringBuilder();
    c.forEach((key, value) -> yaml.append(key).append(": ").append(value).append('\n'));
    return yaml.toString();
  }

  private ForkedJvm fork(String name, List<String> memory, String main, List<String> arguments)
      throws IOException {
    List<String> options = new ArrayList<>(memory);
    options.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED"));
    List<String> classPath = new ArrayList<>(Artifacts.flink());
    classPath.add(Artifacts.runtimeJar().toString());
    List<String> all = new ArrayList<>(List.of("--configDir", directory.toString()));
    all.addAll(arguments);
    return ForkedJvm.start(
        new ForkedJvm.Command(
            name, directory, options, classPath, main, all, Map.of("OMP_NUM_THREADS", "1")));
  }

  /** Starts another TaskManager; returns its resource id and does not wait for it. */
  public String startTaskManager() throws IOException {
    String id = "taskmanager-" + ++started;
    taskManagers.put(
        id,
        fork(
            id,
            List.of("-Xmx448m", "-XX:MaxDirectMemorySize=1g", "-XX:MaxMetaspaceSize=256m"),
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
            List.of("-D", "taskmanager.resource-id=" + id)));
    return id;
  }

  /** The process of a TaskManager. */
  public ForkedJvm taskManager(String id) {
    ForkedJvm process = taskManagers.get(id);
    if (process == null) {
      throw new IllegalArgumentException(
          "no TaskManager %s, known: %s".formatted(id, taskManagers.keySet()));
    }
    return process;
  }

  /** Ids of the TaskManagers that were started and not killed. */
  public List<String> taskManagers() {
    return List.copyOf(taskManagers.keySet());
  }

  /** SIGKILL. */
  public void killTaskManager(String id) {
    taskManager(id).close();
    taskManagers.remove(id);
  }

  /** Waits until so many slots are free. */
  public void awaitFreeSlots(int count) throws Exception {
    Poll.until(count + " free slots", START_LIMIT, () -> freeSlots() >= count);
  }

  private int freeSlots() throws Exception {
    jobManager.requireAlive();
    for (ForkedJvm taskManager : taskManagers.values()) {
      taskManager.requireAlive();
    }
    try {
      return rest.get("/overview").path("slots-available").asInt();
    } catch (ConnectException | RestApi.RefusedException starting) {
      return 0;
    }
  }

  /** The REST interface. */
  public RestApi rest() {
    return rest;
  }

  /** What the JobManager wrote. */
  public String jobManagerLog() throws IOException {
    return jobManager.output();
  }

  /** Uploads a jar; returns its id. */
  public String upload(Path jar) throws Exception {
    return rest.upload(jar);
  }

  /**
   * Runs the main class of an uploaded jar, which is to submit one job.
   *
   * @param savepoint to go on from; null for none
   */
  public RestJob run(String jar, List<String> arguments, @Nullable String savepoint)
      throws Exception {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode list = body.putArray("programArgsList");
    arguments.forEach(list::add);
    if (savepoint != null) {
      body.put("savepointPath", savepoint);
    }
    JsonNode answer = rest.post("/jars/%s/run".formatted(jar), body);
    return new RestJob(rest, answer.path("jobid").asText());
  }

  /** Where checkpoints and savepoints can go. */
  public Path directory() {
    return directory;
  }

  @Override
  public void close() {
    List.copyOf(taskManagers.values()).forEach(ForkedJvm::close);
    taskManagers.clear();
    jobManager.close();
  }
}
