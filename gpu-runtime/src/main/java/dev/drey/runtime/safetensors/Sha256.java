package dev.drey.runtime.safetensors;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 over a sequence of named values, each with its length, so that no two sequences clash.
 */
public final class Sha256 {
  private static final int CHUNK_BYTES = 1 << 18;

  private final MessageDigest digest = start();

  private static MessageDigest start() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Digest of one value. */
  static byte[] of(byte[] value) {
    return start().digest(value);
  }

  /** Adds a value under a name. */
  public Sha256 add(String name, byte[] value) {
    addBytes(name.getBytes(StandardCharsets.UTF_8));
    addBytes(value);
    return this;
  }

  /** Adds a number under a name. */
  public Sha256 add(String name, long value) {
    return add(name, ByteBuffer.allocate(Long.BYTES).putLong(value).array());
  }

  /**
   * Adds a file's content under a name.
   *
   * @throws ModelFileException if the file cannot be read
   */
  public Sha256 add(String name, Path file) {
    return add(name, contentOf(file));
  }

  /**
   * Digest of a file's content, as 64 hexadecimal digits.
   *
   * @throws ModelFileException if the file cannot be read
   */
  static String ofFile(Path file) {
    return HexFormat.of().formatHex(contentOf(file));
  }

  private static byte[] contentOf(Path file) {
    MessageDigest content = start();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        content.update(chunk, 0, count);
      }
      return content.digest();
    } catch (IOException e) {
      throw ModelFileException.unreadable(
          file, null, "a readable file", e.toString(), "Check the disk and permissions.", e);
    }
  }

  private void addBytes(byte[] bytes) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes.length).array());
    digest.update(bytes);
  }

  /** The digest of everything added, as 64 hexadecimal digits; ends the sequence. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
