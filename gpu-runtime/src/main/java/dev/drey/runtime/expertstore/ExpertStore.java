package dev.drey.runtime.expertstore;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.ExpertTensors;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Experts straight from a checkpoint's safetensors, as they are: a block of output rows is one
 * contiguous read, whatever tensor or shard it lies in.
 *
 * <p><b>Ownership.</b> Keeps no weights and does not own the checkpoint, which must stay open.
 *
 * <p><b>Threading.</b> Immutable; any number of threads may read.
 */
public final class ExpertStore implements ExpertSource {
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final DType type;

  private ExpertStore(Checkpoint checkpoint, DType type) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.type = type;
  }

  /**
   * A store over an open checkpoint, which has checked that all experts are there, of one shape and
   * one element type.
   *
   * @throws IllegalArgumentException if the model has no experts
   */
  public static ExpertStore open(Checkpoint checkpoint) {
    ModelConfig config = checkpoint.config();
    for (int layer = 0; layer < config.layers(); layer++) {
      if (config.isMoe(layer)) {
        DType type = checkpoint.expert(new ExpertId(layer, 0)).gate().type();
        return new ExpertStore(checkpoint, type);
      }
    }
    throw new IllegalArgumentException(
        checkpoint.directory() + ": none of " + config.layers() + " layers has experts");
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
    return type;
  }

  @Override
  public void readBlock(
      ExpertId expert, NetworkPart part, int firstOutputRow, int rows, ByteBuffer target)
      throws IOException {
    ExpertTensors tensors = checkpoint.expert(expert);
    TensorRegion region =
        switch (part) {
          case GATE -> tensors.gate();
          case UP -> tensors.up();
          case DOWN -> tensors.down();
        };
    int inputs = part == NetworkPart.DOWN ? config.moe().intermediate() : config.hidden();
    long rowBytes = (long) inputs * type.bytes();
    if (target.remaining() != rows * rowBytes) {
      throw new IllegalArgumentException(
          "%d rows of %s are %d bytes, the target has room for %d"
              .formatted(rows, region.name(), rows * rowBytes, target.remaining()));
    }
    try {
      checkpoint.read(region, firstOutputRow * rowBytes, target);
    } catch (IOException e) {
      throw new IOException(
          "expert %s: cannot read rows %d to %d of %s from %s: %s"
              .formatted(
                  expert,
                  firstOutputRow,
                  firstOutputRow + rows - 1,
                  region.name(),
                  region.file(),
                  e.getMessage()),
          e);
    }
  }
}
