package dev.drey.runtime.expertstore;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.Device;
import java.io.Serializable;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where experts are read from. It changes no result.
 *
 * @param packed directory that {@link ExpertPacker} has written; null for the checkpoint itself
 * @param direct whether reads of packed experts pass the page cache by
 */
public record ExpertStorage(@Nullable String packed, boolean direct) implements Serializable {
  /** The checkpoint itself. */
  public static final ExpertStorage CHECKPOINT = new ExpertStorage(null, false);

  public ExpertStorage {
    if (direct && packed == null) {
      throw new IllegalArgumentException(
          "direct reads need packed experts: tensors of a checkpoint do not begin where such reads may");
    }
  }

  /**
   * Opens it.
   *
   * @param checkpoint must stay open
   * @param device into whose slots experts are brought
   * @throws dev.drey.runtime.safetensors.ModelFileException if packed experts are missing, damaged,
   *     or of another model, device or compute type
   */
  public ExpertSource open(Checkpoint checkpoint, Device device) {
    return packed == null
        ? ExpertStore.open(checkpoint)
        : PackedStore.open(
            Path.of(packed), checkpoint.digest(), checkpoint.config(), device, direct);
  }
}
