package dev.drey.it.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.EngineStats;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The engine without Flink, opened with a job's settings, for as long as one run. */
public final class EngineRun {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final EngineConfig config;
  private final Map<String, Sequence> finished = new HashMap<>();
  private long slotBytes;

  /** Runs with the settings of a job. */
  public EngineRun(SampleJob job) {
    config = job.engine();
  }

  /** Runs requests, JSON lines, to their end. */
  public EngineStats run(List<String> requests) throws IOException {
    try (MoeEngine engine = MoeEngine.open(config)) {
      slotBytes = engine.info().memory().slotBytes();
      List<Sequence> sequences = sequences(requests, engine);
      new DecodeLoop(engine).run(sequences.iterator(), s -> finished.put(s.request().id(), s));
      return engine.stats();
    }
  }

  /** Finished sequences by the sender's name for them. */
  public Map<String, Sequence> finished() {
    return finished;
  }

  /** Bytes of an expert slot. */
  public long slotBytes() {
    return slotBytes;
  }

  /**
   * Runs requests that fit into the table together.
   *
   * @return mean number of experts in the window, by the layer just computed and by the experts'
   *     layer, over the second half of the steps
   */
  public double[][] occupancy(List<String> requests) throws IOException {
    try (MoeEngine engine = MoeEngine.open(config)) {
      StepScheduler scheduler = engine.newScheduler();
      Step step = engine.newStep();
      sequences(requests, engine).forEach(scheduler::admit);
      List<int[][]> steps = new ArrayList<>();
      while (scheduler.plan(step)) {
        int[][] resident = new int[engine.layers()][];
        engine.embed(step);
        for (int layer = 0; layer < resident.length; layer++) {
          engine.runLayers(step, layer, layer + 1, engine::prefetch);
          resident[layer] = engine.stats().residency().residentByLayer();
        }
        engine.sample(step);
        scheduler.complete(step);
        steps.add(resident);
      }
      return means(steps.subList(steps.size() / 2, steps.size()), engine.layers());
    }
  }

  private static double[][] means(List<int[][]> steps, int layers) {
    double[][] means = new double[layers][layers];
    for (int[][] resident : steps) {
      for (int layer = 0; layer < layers; layer++) {
        for (int other = 0; other < layers; other++) {
          means[layer][other] += (double) resident[layer][other] / steps.size();
        }
      }
    }
    return means;
  }

  private static List<Sequence> sequences(List<String> requests, MoeEngine engine)
      throws IOException {
    Tokenizer tokenizer = engine.tokenizer().orElseThrow();
    List<Sequence> sequences = new ArrayList<>();
    for (String line : requests) {
      JsonNode request = JSON.readTree(line);
      sequences.add(
          Sequence.fresh(
              SequenceRequest.generate(
                  request.path("custom_id").asText(),
                  tokenizer.encode(request.path("prompt").asText()),
                  sampling(request))));
    }
    return sequences;
  }

  private static SamplingParams sampling(JsonNode request) {
    return new SamplingParams(
        request.path("max_tokens").asInt(),
        request.path("temperature").asDouble(),
        request.path("top_k").asInt(0),
        request.path("top_p").asDouble(1),
        0,
        request.path("repetition_penalty").asDouble(1),
        request.path("presence_penalty").asDouble(0),
        0,
        request.path("seed").asLong(0),
        Set.of(),
        List.of(),
        request.path("ignore_eos").asBoolean(false),
        0,
        request.path("logprobs").asInt(-1));
  }
}
