package dev.drey.runtime.expertstore;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntConsumer;

/**
 * Writes a model's experts in the layout a device computes with, for {@link PackedStore}. What an
 * expert looks like in a slot after a load is what is written, so both ways give the same bits.
 *
 * <p><b>Ownership.</b> Owns one slot and one staging buffer; checkpoint and device are the
 * caller's. One thread.
 */
public final class ExpertPacker implements AutoCloseable {
  private final ModelConfig model;
  private final PackedFormat format;
  private final ExpertBlocks blocks;
  private final Expert slot;
  private final HostBuffer staging;
  private final CopyStream copies;

  /**
   * @param device whose layout is written
   * @param budget pays for the slot and staging memory
   */
  public ExpertPacker(Checkpoint checkpoint, Device device, MemoryBudget budget) {
    model = checkpoint.config();
    ExpertLayout layout = device.expertLayout(model.expertShape());
    format =
        PackedFormat.of(
            checkpoint.digest(),
            device.weightFormat(model.expertShape()),
            model.moe().experts(),
            layout);
    blocks = ExpertStore.open(checkpoint).blocks(layout);
    DeviceBuffer memory = device.allocate(budget, layout.bytes());
    HostBuffer host;
    try {
      host = device.allocateHost(budget, Math.max(blocks.largest(), PackedFormat.PIECE_BYTES));
      try {
        copies = device.newCopyStream(budget);
      } catch (RuntimeException | Error e) {
        host.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
    slot = new Expert(layout, memory);
    staging = host;
  }

  /** Bytes that will be written for experts. */
  public long bytes() {
    long layers = 0;
    for (int layer = 0; layer < model.layers(); layer++) {
      layers += model.isMoe(layer) ? 1 : 0;
    }
    return layers * format.experts() * format.storedBytes();
  }

  /**
   * Writes every layer's file. A file that is there is replaced only when the new one is complete.
   *
   * @param directory created if absent
   * @param progress is told how many experts are done, after each
   * @throws IOException if an expert cannot be read or a file cannot be written
   */
  public void write(Path directory, IntConsumer progress) throws IOException {
    Files.createDirectories(directory);
    int done = 0;
    for (int layer = 0; layer < model.layers(); layer++) {
      if (model.isMoe(layer)) {
        write(layer, PackedFormat.file(directory, layer), done, progress);
        done += format.experts();
      }
    }
  }

  private void write(int layer, Path file, int before, IntConsumer progress) throws IOException {
    ByteBuffer checksums =
        ByteBuffer.allocate(format.experts() * format.pieces() * Integer.BYTES)
            .order(ByteOrder.BIG_ENDIAN);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            file, format.tensors(), format.metadata(), PackedFormat.ALIGNMENT)) {
      for (int expert = 0; expert < format.experts(); expert++) {
        load(new ExpertId(layer, expert));
        for (int piece = 0; piece < format.pieces(); piece++) {
          ByteBuffer bytes = fetch(piece);
          checksums.putInt(PackedFormat.checksum(bytes.duplicate()));
          writer.write(PackedFormat.tensor(expert), bytes);
        }
        progress.accept(before + expert + 1);
      }
      writer.write(PackedFormat.checksums(), checksums.flip());
      writer.finish();
    }
  }

  private void load(ExpertId expert) throws IOException {
    for (int block = 0; block < blocks.count(); block++) {
      ByteBuffer bytes = staging.bytes();
      bytes.limit(blocks.bytes(block));
      blocks.read(expert, block, bytes);
      blocks.copy(block, staging, 0, copies, slot);
      copies.record().await();
    }
  }

  private ByteBuffer fetch(int piece) {
    ByteBuffer bytes = staging.bytes();
    int used = format.usedBytes(piece);
    bytes.limit(format.pieceBytes(piece));
    copies.copyBack(slot.slot(), (long) piece * PackedFormat.PIECE_BYTES, staging, 0, used);
    for (int i = used; i < bytes.limit(); i++) {
      bytes.put(i, (byte) 0);
    }
    return bytes;
  }

  @Override
  public void close() {
    copies.close();
    staging.close();
    slot.slot().close();
  }
}
