package dev.drey.runtime.predict;

import dev.drey.runtime.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** Files for learned.mlp with random weights, for tests that run every predictor there is. */
public final class Untrained {
  private Untrained() {}

  /** The options with a file for a shape, deleted when this JVM ends. */
  public static PredictorOptions options(PredictorOptions options, PredictorShape shape) {
    try {
      MlpSizes sizes = new MlpSizes(options.lookaheadOr(1), 3, 8);
      Path file = Files.createTempFile("untrained", ".mlp");
      file.toFile().deleteOnExit();
      Files.write(file, MlpModel.random(shape, sizes, 1).toBytes());
      return new PredictorOptions(
          options.lookahead(), options.capacity(), file.toString(), options.alignment());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The shape of a model all of whose layers have experts. */
  public static PredictorShape shape(Path model) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      return new PredictorShape(
          IntStream.range(0, checkpoint.config().layers()).boxed().toList(),
          checkpoint.config().moe().experts(),
          checkpoint.config().moe().expertsPerToken(),
          checkpoint.digest());
    }
  }
}
