package dev.drey.it.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The sample model with four times its context, so that generations can be long enough to be
 * stopped in the middle. What it says beyond the context it was trained for is of no interest.
 */
public final class LongContextModel {
  /** Positions of the copy. */
  public static final int POSITIONS = 8192;

  private static final String SETTING = "\"max_position_embeddings\": ";

  private LongContextModel() {}

  /** Copies the sample model into a directory and changes its config. */
  public static Path copyInto(Path directory) throws IOException {
    Path copy = Files.createDirectories(directory.resolve("long-context"));
    try (Stream<Path> files = Files.list(Artifacts.sampleModel())) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Path config = copy.resolve("config.json");
    String text = Files.readString(config);
    String changed = text.replace(SETTING + "2048", SETTING + POSITIONS);
    if (changed.equals(text)) {
      throw new IOException("the sample model's context is no longer 2048: adapt this class");
    }
    Files.writeString(config, changed);
    return copy;
  }
}
