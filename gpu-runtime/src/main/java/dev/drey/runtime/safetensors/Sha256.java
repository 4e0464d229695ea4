package dev.drey.runtime.safetensors;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 over a sequence of named values, each with its length, so that no two sequences clash.
 */
public final class Sha256 {
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
    MessageDigest content = start();
    try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), content)) {
      in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw ModelFileException.of(
          file, null, "a readable file", e.toString(), "Check the disk and permissions.", e);
    }
    return add(name, content.digest());
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
