package dev.drey.runtime.gpu;

import dev.drey.runtime.bench.BenchJson;
import dev.drey.runtime.bench.BenchOptions;
import dev.drey.runtime.bench.BenchReport;
import dev.drey.runtime.bench.BenchTable;
import dev.drey.runtime.bench.EngineBench;
import dev.drey.runtime.bench.Group;
import dev.drey.runtime.bench.Phase;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.synth.SyntheticModel;
import dev.drey.runtime.synth.SyntheticSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The benchmark of whole engines over a synthetic model: resident, and with a quarter of the
 * experts with prefetch, with LRU alone and on demand. All experts are in pinned memory.
 *
 * @param identical whether all cases gave the same tokens
 * @param table for people
 * @param json for programs
 */
record EngineMeasurement(boolean identical, String table, String json) {
  /** Layers of a model with 30 billion weights in 48, as many as are written in a minute. */
  private static final SyntheticSpec FULL =
      new SyntheticSpec(2048, 6, 128, 8, 768, 32, 4, 128, 32_768, 4096, 1);

  private static final SyntheticSpec SMALL =
      new SyntheticSpec(64, 3, 16, 4, 48, 4, 2, 32, 512, 1024, 1);

  /** Writes the model into a temporary folder, measures, and deletes it. */
  static EngineMeasurement run(boolean small) throws IOException {
    Path model = Files.createTempDirectory("drey-synthetic-");
    try {
      SyntheticModel.write(small ? SMALL : FULL, model);
      Files.deleteIfExists(
          model.resolve("tokenizer.json")); // its native library does not come along
      BenchReport report = new EngineBench(options(model, small), System.err::println).run();
      return new EngineMeasurement(report.identical(), BenchTable.of(report), BenchJson.of(report));
    } finally {
      delete(model);
    }
  }

  private static BenchOptions options(Path model, boolean small) {
    return new BenchOptions(
        model,
        "cuda",
        0,
        ComputeType.BF16,
        Runtime.getRuntime().availableProcessors(),
        false,
        List.of(MemorySize.ofPercent(100), MemorySize.ofPercent(25)),
        MemorySize.ofPercent(100),
        List.of("classic.lru"),
        List.of(Phase.PREFILL, Phase.DECODE),
        small ? 4 : 64,
        List.of(new Group(small ? 4 : 64)),
        small ? 16 : 256,
        small ? 4 : 64,
        small ? 32 : 1024,
        small ? 1 : 5,
        0,
        4,
        ExpertStorage.CHECKPOINT,
        1);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
