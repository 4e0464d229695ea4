package dev.drey.it.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** A job on a cluster, seen through its REST interface. */
public final class RestJob {
  private static final Set<String> ENDS = Set.of("FINISHED", "FAILED", "CANCELED");

  private final RestApi rest;
  private final String id;

  RestJob(RestApi rest, String id) {
    this.rest = rest;
    this.id = id;
  }

  /** Its id. */
  public String id() {
    return id;
  }

  /** Its state, as Flink names it. */
  public String state() throws IOException, InterruptedException {
    return rest.get("/jobs/%s/status".formatted(id)).path("status").asText();
  }

  /** Waits until all its tasks run. */
  public void awaitRunning(Duration limit) throws Exception {
    Poll.until(
        "all tasks of the job to run",
        limit,
        () -> {
          for (JsonNode vertex : details().path("vertices")) {
            if (!vertex.path("status").asText().equals("RUNNING")) {
              requireNotEnded();
              return false;
            }
          }
          return true;
        });
  }

  private void requireNotEnded() throws IOException, InterruptedException {
    if (ENDS.contains(state())) {
      throw new AssertionError("the job ended %s: %s".formatted(state(), rootException()));
    }
  }

  /** Waits for its end and returns the state. */
  public String awaitEnd(Duration limit) throws Exception {
    return Poll.untilPresent(
        "the end of the job", limit, () -> Optional.of(state()).filter(ENDS::contains));
  }

  /** Waits for it to finish. */
  public void awaitFinished(Duration limit) throws Exception {
    String end = awaitEnd(limit);
    if (!end.equals("FINISHED")) {
      throw new AssertionError("the job ended %s: %s".formatted(end, rootException()));
    }
  }

  /** What made it fail last, with the stack; empty if nothing did. */
  public String rootException() throws IOException, InterruptedException {
    JsonNode entries =
        rest.get("/jobs/%s/exceptions".formatted(id)).path("exceptionHistory").path("entries");
    return entries.path(0).path("stacktrace").asText("");
  }

  /** How often it failed and was started again. */
  public int failures() throws IOException, InterruptedException {
    return rest.get("/jobs/%s/exceptions".formatted(id))
        .path("exceptionHistory")
        .path("entries")
        .size();
  }

  private JsonNode details() throws IOException, InterruptedException {
    return rest.get("/jobs/" + id);
  }

  /** Ids of the tasks by name. */
  public Map<String, String> vertices() throws IOException, InterruptedException {
    Map<String, String> vertices = new HashMap<>();
    for (JsonNode vertex : details().path("vertices")) {
      vertices.put(vertex.path("name").asText(), vertex.path("id").asText());
    }
    return vertices;
  }

  private String pipelineVertex() throws IOException, InterruptedException {
    return vertices().entrySet().stream()
        .filter(vertex -> vertex.getKey().contains("head"))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no task of job " + id + " has a head"))
        .getValue();
  }

  /** Resource ids of the TaskManagers that run its replicas, by subtask. */
  public List<String> taskManagers() throws IOException, InterruptedException {
    List<String> ids = new ArrayList<>();
    for (JsonNode subtask :
        rest.get("/jobs/%s/vertices/%s".formatted(id, pipelineVertex())).path("subtasks")) {
      ids.add(subtask.path("taskmanager-id").asText());
    }
    return ids;
  }

  /** How often each replica was started again, by subtask. */
  public List<Integer> restarts() throws IOException, InterruptedException {
    List<Integer> attempts = new ArrayList<>();
    for (JsonNode subtask :
        rest.get("/jobs/%s/vertices/%s".formatted(id, pipelineVertex())).path("subtasks")) {
      attempts.add(subtask.path("attempt").asInt());
    }
    return attempts;
  }

  /** Number of checkpoints completed since its first start. */
  public int completedCheckpoints() throws IOException, InterruptedException {
    return checkpoints().path("counts").path("completed").asInt();
  }

  /** Flink's statistics of its checkpoints. */
  public JsonNode checkpoints() throws IOException, InterruptedException {
    return rest.get("/jobs/%s/checkpoints".formatted(id));
  }

  /** Waits until so many checkpoints have completed. */
  public void awaitCheckpoints(int count, Duration limit) throws Exception {
    Poll.until(
        count + " completed checkpoints",
        limit,
        () -> {
          requireNotEnded();
          return completedCheckpoints() >= count;
        });
  }

  /**
   * A metric of a replica's head; empty while the cluster has not fetched it.
   *
   * @param name without the operator's
   */
  public OptionalLong headMetric(int subtask, String name)
      throws IOException, InterruptedException {
    JsonNode values =
        rest.get(
            "/jobs/%s/vertices/%s/subtasks/%d/metrics?get=head.%s"
                .formatted(id, pipelineVertex(), subtask, name));
    return values.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(values.path(0).path("value").asText()));
  }

  /** All names of the pipeline task's metrics. */
  public Set<String> metricNames() throws IOException, InterruptedException {
    Set<String> names = new LinkedHashSet<>();
    for (JsonNode metric :
        rest.get("/jobs/%s/vertices/%s/subtasks/metrics".formatted(id, pipelineVertex()))) {
      names.add(metric.path("id").asText());
    }
    return names;
  }

  /** Cancels it and waits until it is gone. */
  public void cancel(Duration limit) throws Exception {
    rest.patch("/jobs/%s?mode=cancel".formatted(id));
    awaitEnd(limit);
  }

  /** Stops it with a savepoint; returns where that is. */
  public String stop(String directory, boolean drain, Duration limit) throws Exception {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("targetDirectory", directory).put("drain", drain).put("formatType", "CANONICAL");
    String trigger = rest.post("/jobs/%s/stop".formatted(id), body).path("request-id").asText();
    JsonNode operation =
        Poll.untilPresent(
                "the savepoint",
                limit,
                () ->
                    Optional.of(rest.get("/jobs/%s/savepoints/%s".formatted(id, trigger)))
                        .filter(a -> a.path("status").path("id").asText().equals("COMPLETED")))
            .path("operation");
    if (operation.has("failure-cause")) {
      throw new AssertionError("no savepoint: " + operation.path("failure-cause"));
    }
    return operation.path("location").asText();
  }
}
