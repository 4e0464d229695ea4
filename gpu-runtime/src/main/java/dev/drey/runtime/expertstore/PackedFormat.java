package dev.drey.runtime.expertstore;

import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.SafetensorsFile;
import dev.drey.runtime.safetensors.TensorRegion;
import dev.drey.runtime.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * How packed experts are stored: one safetensors file per layer, whose data begin at a multiple of
 * {@value #ALIGNMENT} bytes. Every expert is one tensor of bytes, what a slot holds, filled up to
 * such a multiple; so reads may pass the page cache by. A last tensor has a CRC-32C of each piece
 * of {@value #PIECE_BYTES} bytes of each expert.
 *
 * @param modelDigest of the checkpoint the experts are from
 * @param weights what the bytes of a slot mean, see {@link
 *     dev.drey.runtime.device.Device#weightFormat}
 * @param experts per layer
 * @param slotBytes of one expert, without the filling
 */
record PackedFormat(String modelDigest, String weights, int experts, long slotBytes) {
  /** Of data in the file and of reads. */
  static final int ALIGNMENT = 4096;

  /** Read and checked together; large enough for a disk, small enough to be overtaken. */
  static final int PIECE_BYTES = 1 << 20;

  private static final String CHECKSUMS = "checksums";
  private static final String KIND = "drey-packed-experts";
  private static final String VERSION = "1";

  static PackedFormat of(String modelDigest, String weights, int experts, ExpertLayout layout) {
    return new PackedFormat(modelDigest, weights, experts, layout.bytes());
  }

  static Path file(Path directory, int layer) {
    return directory.resolve("experts-layer-%05d.safetensors".formatted(layer));
  }

  static String tensor(int expert) {
    return "expert-%05d".formatted(expert);
  }

  static String checksums() {
    return CHECKSUMS;
  }

  static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** Bytes of one expert in the file. */
  long storedBytes() {
    return (slotBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Pieces of one expert. */
  int pieces() {
    return Math.toIntExact((storedBytes() + PIECE_BYTES - 1) / PIECE_BYTES);
  }

  /** Bytes of a piece in the file. */
  int pieceBytes(int piece) {
    return (int) Math.min(PIECE_BYTES, storedBytes() - (long) piece * PIECE_BYTES);
  }

  /** Bytes of a piece that belong into the slot. */
  int usedBytes(int piece) {
    return (int) Math.min(PIECE_BYTES, slotBytes - (long) piece * PIECE_BYTES);
  }

  List<TensorSpec> tensors() {
    List<TensorSpec> tensors = new ArrayList<>();
    for (int expert = 0; expert < experts; expert++) {
      tensors.add(new TensorSpec(tensor(expert), DType.U8, new long[] {storedBytes()}));
    }
    tensors.add(
        new TensorSpec(CHECKSUMS, DType.U8, new long[] {experts, (long) pieces() * Integer.BYTES}));
    return tensors;
  }

  Map<String, String> metadata() {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("kind", KIND);
    metadata.put("version", VERSION);
    metadata.put("model", modelDigest);
    metadata.put("weights", weights);
    return metadata;
  }

  /**
   * Holds a file against this format.
   *
   * @throws ModelFileException if it is another kind, version, model, packing or size
   */
  void require(SafetensorsFile file) {
    Map<String, String> found = file.metadata();
    metadata()
        .forEach(
            (key, expected) -> {
              String value = found.get(key);
              if (!expected.equals(value)) {
                throw ModelFileException.of(
                    file.file(),
                    "metadata \"" + key + "\"",
                    expected,
                    value == null ? "nothing" : ModelFileException.quote(value),
                    "Pack the experts again for this model, device and compute type: drey pack.");
              }
            });
    List<TensorSpec> expected = tensors();
    boolean same = file.regions().size() == expected.size();
    for (int i = 0; same && i < expected.size(); i++) {
      TensorRegion region = file.regions().get(i);
      same =
          expected.get(i).equals(new TensorSpec(region.name(), region.type(), region.shape()))
              && (i == expected.size() - 1 || region.offset() % ALIGNMENT == 0);
    }
    if (!same) {
      throw ModelFileException.of(
          file.file(),
          null,
          "%d experts of %d bytes at multiples of %d, and their checksums"
              .formatted(experts, storedBytes(), ALIGNMENT),
          file.regions().size() + " tensors that are not those",
          "Pack the experts again: drey pack.");
    }
  }
}
