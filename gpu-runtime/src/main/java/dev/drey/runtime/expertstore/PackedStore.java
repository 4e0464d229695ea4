package dev.drey.runtime.expertstore;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.SafetensorsFile;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Experts that {@link ExpertPacker} has brought into a device's layout: loading one is reading and
 * copying, nothing is converted or packed. Every piece is held against its checksum after it was
 * read, by the thread that read it; one that does not match counts as a failed read.
 *
 * <p><b>Ownership.</b> Owns the files, one per layer with experts.
 *
 * <p><b>Threading.</b> Any number of threads may read.
 */
public final class PackedStore implements ExpertSource {
  private final ModelConfig model;
  private final PackedFormat format;
  private final @Nullable Layer[] layers;

  /** One layer's file. */
  private record Layer(SafetensorsFile file, List<TensorRegion> experts, int[] checksums) {}

  private PackedStore(ModelConfig model, PackedFormat format) {
    this.model = model;
    this.format = format;
    this.layers = new Layer[model.layers()];
  }

  /**
   * Opens a directory that {@link ExpertPacker} has written; reads headers and checksums.
   *
   * @param modelDigest of the checkpoint the other weights come from
   * @param direct whether reads pass the page cache by
   * @throws dev.drey.runtime.safetensors.ModelFileException if a file is missing, damaged, or of
   *     another model, device, compute type or version
   */
  public static PackedStore open(
      Path directory, String modelDigest, ModelConfig model, Device device, boolean direct) {
    PackedFormat format =
        PackedFormat.of(
            modelDigest,
            device.weightFormat(model.expertShape()),
            model.moe().experts(),
            device.expertLayout(model.expertShape()));
    PackedStore store = new PackedStore(model, format);
    try {
      for (int layer = 0; layer < model.layers(); layer++) {
        if (model.isMoe(layer)) {
          store.open(layer, PackedFormat.file(directory, layer), direct);
        }
      }
      return store;
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private void open(int layer, Path path, boolean direct) {
    SafetensorsFile file = SafetensorsFile.open(path);
    layers[layer] = new Layer(file, List.of(), new int[0]);
    format.require(file);
    List<TensorRegion> regions = file.regions();
    int[] checksums = checksums(file, regions.get(format.experts()));
    SafetensorsFile read = direct ? file.reopenDirectly() : file;
    layers[layer] = new Layer(read, regions, checksums);
  }

  private static int[] checksums(SafetensorsFile file, TensorRegion region) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(region.bytes()));
    try {
      file.read(region, 0, bytes);
    } catch (IOException e) {
      throw ModelFileException.unreadable(
          file.file(),
          ModelFileException.tensor(region.name()),
          "readable bytes",
          e.toString(),
          "Check the disk.",
          e);
    }
    int[] checksums = new int[bytes.capacity() / Integer.BYTES];
    bytes.flip().asIntBuffer().get(checksums);
    return checksums;
  }

  @Override
  public int layers() {
    return model.layers();
  }

  @Override
  public int experts() {
    return format.experts();
  }

  @Override
  public ExpertBlocks blocks(ExpertLayout layout) {
    if (layout.bytes() != format.slotBytes()) {
      throw new IllegalArgumentException(
          "experts are packed for slots of %d bytes, not %d"
              .formatted(format.slotBytes(), layout.bytes()));
    }
    return new Pieces();
  }

  private final class Pieces implements ExpertBlocks {
    @Override
    public int count() {
      return format.pieces();
    }

    @Override
    public int bytes(int block) {
      return format.pieceBytes(block);
    }

    @Override
    public void read(ExpertId expert, int block, ByteBuffer staging) throws IOException {
      Layer layer = layers[expert.layer()];
      if (layer == null) {
        throw new IllegalArgumentException("expert " + expert + " is in a layer without experts");
      }
      int start = staging.position();
      layer
          .file()
          .read(
              layer.experts().get(expert.index()),
              (long) block * PackedFormat.PIECE_BYTES,
              staging);
      int expected = layer.checksums()[expert.index() * count() + block];
      int found = PackedFormat.checksum(staging.duplicate().flip().position(start));
      if (found != expected) {
        throw new IOException(
            "expert %s: piece %d of %d in %s has the CRC-32C %08x, expected %08x; if it stays so, pack the experts again"
                .formatted(expert, block, count(), layer.file().file(), found, expected));
      }
    }

    @Override
    public long place(int block) {
      boolean whole = format.usedBytes(block) == format.pieceBytes(block);
      return whole ? (long) block * PackedFormat.PIECE_BYTES : -1;
    }

    @Override
    public void copy(int block, HostBuffer staging, int offset, CopyStream stream, Expert target) {
      stream.copyBytes(
          staging,
          offset,
          target.slot(),
          (long) block * PackedFormat.PIECE_BYTES,
          format.usedBytes(block));
    }
  }

  @Override
  public void close() {
    for (Layer layer : layers) {
      if (layer != null) {
        layer.file().close();
      }
    }
  }
}
