package dev.drey.jobs.run;

import dev.drey.runtime.checkpoint.Checkpoint;
import java.nio.file.Path;

/**
 * Which model a run uses.
 *
 * @param name last part of its directory's name
 * @param digest SHA-256 of what identifies its files
 * @param layers decoder layers
 */
public record ModelIdentity(String name, String digest, int layers) {
  /**
   * Reads and checks the model's files.
   *
   * @throws dev.drey.runtime.safetensors.ModelFileException if one is missing, damaged or of a kind
   *     that is not supported
   */
  public static ModelIdentity read(Path directory) {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      Path name = directory.toAbsolutePath().normalize().getFileName();
      return new ModelIdentity(
          String.valueOf(name), checkpoint.digest(), checkpoint.config().layers());
    }
  }
}
