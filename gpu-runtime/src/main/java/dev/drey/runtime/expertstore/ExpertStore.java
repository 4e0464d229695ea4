package dev.drey.runtime.expertstore;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.StoredMatrix;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.NetworkPart;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Experts straight from a checkpoint's safetensors. Of experts stored as bfloat16, expert by
 * expert, a block of output rows is one contiguous read; other storage is converted and turned on
 * the way.
 *
 * <p><b>Ownership.</b> Keeps no weights and does not own the checkpoint, which must stay open.
 *
 * <p><b>Threading.</b> Immutable; any number of threads may read.
 */
public final class ExpertStore implements RowSource {
  private final Checkpoint checkpoint;
  private final ModelConfig config;

  private ExpertStore(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
  }

  /** A store over an open checkpoint, which has checked that all experts are there. */
  public static ExpertStore open(Checkpoint checkpoint) {
    return new ExpertStore(checkpoint);
  }

  @Override
  public int layers() {
    return config.layers();
  }

  @Override
  public int experts() {
    return config.moe().experts();
  }

  @Override
  public DType type() {
    return DType.BF16;
  }

  @Override
  public void readRows(
      ExpertId expert, NetworkPart part, int firstOutputRow, int rows, ByteBuffer target)
      throws IOException {
    StoredMatrix stored = checkpoint.expert(expert).part(part);
    try {
      stored.read(firstOutputRow, rows, target);
    } catch (IOException e) {
      throw new IOException(
          "expert %s: cannot read rows %d to %d of its %s projection, in %s of %s: %s"
              .formatted(
                  expert,
                  firstOutputRow,
                  firstOutputRow + rows - 1,
                  part,
                  stored.region().name(),
                  stored.region().file(),
                  e.getMessage()),
          e);
    }
  }
}
