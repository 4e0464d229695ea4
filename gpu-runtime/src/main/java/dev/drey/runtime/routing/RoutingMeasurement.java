package dev.drey.runtime.routing;

import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.trace.TraceReader;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Runs prompts through a model, all in one step, so that each expert is loaded at most once, and
 * profiles what the routers chose. A tenth of the experts is in memory at a time. The trace that
 * the engine records goes to a temporary file, which is removed.
 */
public final class RoutingMeasurement {
  private static final double WINDOW_PERCENT = 10;

  /** Slots that a window of a small model should have. */
  private static final double LEAST_SLOTS = 4;

  /** A key/value block at the end of each sequence is not full. */
  private static final int SPARE_TOKENS = 64;

  private RoutingMeasurement() {}

  /**
   * Measures. The same prompts give the same profile on the same device, whatever the threads.
   *
   * @param model directory of the model
   * @param device {@code cpu}, {@code cuda} or {@code reference}
   * @param threads compute threads
   * @param prompts token ids, all of the same length of at least 2
   * @throws IOException if the model cannot be read or the trace cannot be written
   * @throws IllegalStateException if the device cannot be used
   */
  public static RoutingProfile measure(Path model, String device, int threads, List<int[]> prompts)
      throws IOException {
    int tokens = prompts.get(0).length;
    Path directory = Files.createTempDirectory("drey-routing-");
    Path trace = directory.resolve("routing.trace");
    try {
      run(config(model, device, threads, prompts.size(), tokens, trace), prompts);
      try (TraceReader reader = TraceReader.open(trace)) {
        RoutedPrompts routed = new RoutedPrompts(reader.header(), prompts.size(), tokens);
        reader.read(routed);
        return RoutingProfile.of(
            reader.header().experts(),
            reader.header().expertsPerToken(),
            reader.header().expertLayers(),
            routed.chosen());
      }
    } finally {
      Files.deleteIfExists(trace);
      Files.delete(directory);
    }
  }

  private static EngineConfig config(
      Path model, String device, int threads, int prompts, int tokens, Path trace) {
    ScheduleConfig oneStep =
        new ScheduleConfig(
            prompts, prompts, prompts * tokens, tokens, TimeUnit.HOURS.toNanos(1), false);
    return new EngineConfig(
            model.toString(),
            device,
            ComputeType.BF16,
            threads,
            null,
            window(model),
            prompts * (tokens + SPARE_TOKENS),
            "none",
            CachePolicies.DEFAULT,
            oneStep,
            TransferConfig.DEFAULT)
        .tracedTo(trace.toString());
  }

  private static MemorySize window(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      double least = 100 * LEAST_SLOTS / checkpoint.summary().totalExperts();
      return MemorySize.ofPercent(Math.min(100, Math.max(WINDOW_PERCENT, Math.ceil(least))));
    }
  }

  private static void run(EngineConfig config, List<int[]> prompts) throws IOException {
    SamplingParams oneToken =
        new SamplingParams(
            1, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), /* ignoreEos= */ true, 0, -1);
    List<Sequence> sequences = new ArrayList<>();
    for (int[] prompt : prompts) {
      String name = "prompt " + sequences.size();
      sequences.add(Sequence.fresh(SequenceRequest.generate(name, prompt, oneToken)));
    }
    try (MoeEngine engine = MoeEngine.open(config)) {
      new DecodeLoop(engine).run(sequences.iterator(), sequence -> {});
    }
  }
}
