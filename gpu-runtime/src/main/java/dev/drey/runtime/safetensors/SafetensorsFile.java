package dev.drey.runtime.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One open safetensors file.
 *
 * <p><b>Ownership.</b> Owns one open file until closed; keeps the header's regions, not its bytes.
 *
 * <p><b>Threading.</b> Reads may run at once, from any threads, and do not disturb each other.
 *
 * <p><b>Failure.</b> Opening checks everything there is to check without reading the data ({@link
 * ModelFileException}). A read fails with an {@link IOException} where trying again may help (the
 * disk, the network file system), and with a {@code ModelFileException} where it cannot: the file
 * became shorter or was replaced.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** How the file begins that Git leaves in place of a large one: "version ". */
  private static final long LFS_POINTER = 0x206e6f6973726576L;

  private final ShardChannel channel;
  private final SafetensorsHeader header;
  private final byte[] headerDigest;

  private SafetensorsFile(ShardChannel channel, SafetensorsHeader header, byte[] headerDigest) {
    this.channel = channel;
    this.header = header;
    this.headerDigest = headerDigest;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws ModelFileException if it is not a sound safetensors file
   */
  public static SafetensorsFile open(Path file) {
    return open(file, SafetensorsLimits.DEFAULT);
  }

  /** As {@link #open(Path)}, with other limits. */
  public static SafetensorsFile open(Path file, SafetensorsLimits limits) {
    ShardChannel channel = ShardChannel.open(file);
    return OnFailure.close(
        channel,
        () -> {
          byte[] json = readHeader(channel, limits);
          SafetensorsHeader header = SafetensorsHeader.parse(file, json, channel.bytes(), limits);
          return new SafetensorsFile(channel, header, Sha256.of(json));
        });
  }

  private static byte[] readHeader(ShardChannel channel, SafetensorsLimits limits) {
    Path file = channel.file();
    if (channel.bytes() < Long.BYTES) {
      throw ModelFileException.of(
          file,
          null,
          "at least 8 bytes with the header's length",
          channel.bytes() + " bytes",
          "The file is cut short; fetch it again.");
    }
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    read(channel, length, 0);
    long bytes = length.getLong(0);
    if (bytes == LFS_POINTER) {
      throw ModelFileException.of(
          file,
          null,
          "a safetensors file",
          "a Git LFS pointer to one, " + channel.bytes() + " bytes",
          "Fetch the file itself, with: git lfs pull.");
    }
    String found = Long.toUnsignedString(bytes) + " bytes";
    if (bytes < 2 || bytes > SafetensorsLimits.HARD_HEADER_BYTES) {
      throw ModelFileException.of(
          file,
          "header length",
          "2 to " + SafetensorsLimits.HARD_HEADER_BYTES + " bytes",
          found,
          "The file is damaged or not a safetensors file.");
    }
    if (bytes > channel.bytes() - Long.BYTES) {
      throw ModelFileException.of(
          file,
          "header length",
          "at most the " + (channel.bytes() - Long.BYTES) + " bytes that follow it in the file",
          found,
          "The file is cut short or damaged; fetch it again.");
    }
    if (bytes > limits.headerBytes()) {
      throw ModelFileException.of(
          file,
          "header length",
          "at most " + limits.headerBytes() + " bytes",
          found,
          "No known model has so long a header; check where the file comes from.");
    }
    byte[] json = new byte[(int) bytes];
    read(channel, ByteBuffer.wrap(json), Long.BYTES);
    if (json[0] != '{') {
      throw ModelFileException.of(
          file,
          "header",
          "a JSON object that starts with '{'",
          "byte 0x%02x".formatted(json[0]),
          "The file is damaged or not a safetensors file.");
    }
    return json;
  }

  private static void read(ShardChannel channel, ByteBuffer dst, long position) {
    try {
      channel.read(dst, position);
    } catch (IOException e) {
      throw ModelFileException.unreadable(
          channel.file(), "header", "readable bytes", e.toString(), "Check the disk.", e);
    }
  }

  /**
   * The same file, read past the page cache: places, sizes and the addresses of buffers must be
   * multiples of the storage's block size, which {@value ShardChannel#DIRECT_ALIGNMENT} is for all
   * usual ones. This one is closed.
   *
   * @throws ModelFileException if the file system cannot do that, or the file has changed
   */
  public SafetensorsFile reopenDirectly() {
    SafetensorsFile direct = new SafetensorsFile(channel.reopenDirectly(), header, headerDigest);
    close();
    return direct;
  }

  /** The file. */
  public Path file() {
    return channel.file();
  }

  /** Size of the file when it was opened, in bytes. */
  public long bytes() {
    return channel.bytes();
  }

  /** Free text about the file; empty if there is none. */
  public Map<String, String> metadata() {
    return Map.copyOf(header.metadata());
  }

  /** Every tensor, in the order of their places in the file. */
  public List<TensorRegion> regions() {
    return List.copyOf(header.regions());
  }

  /** SHA-256 of the header, which stands for names, types, shapes and places of the tensors. */
  byte[] headerDigest() {
    return headerDigest.clone();
  }

  /**
   * Reads exactly the bytes that {@code dst} has room for.
   *
   * @param region a tensor of this file
   * @param offset from the start of the region, in bytes
   * @throws IOException if reading fails and may succeed later, or if the thread is interrupted
   * @throws ModelFileException if the file has changed since it was opened
   */
  public void read(TensorRegion region, long offset, ByteBuffer dst) throws IOException {
    if (!region.file().equals(file())) {
      throw new IllegalArgumentException(
          "tensor '" + region.name() + "' is in " + region.file() + ", not in " + file());
    }
    if (offset < 0 || dst.remaining() > region.bytes() - offset) {
      throw new IndexOutOfBoundsException(
          "tensor '%s' has %d bytes, asked for %d from %d"
              .formatted(region.name(), region.bytes(), dst.remaining(), offset));
    }
    channel.read(dst, region.offset() + offset);
  }

  @Override
  public void close() {
    channel.close();
  }
}
