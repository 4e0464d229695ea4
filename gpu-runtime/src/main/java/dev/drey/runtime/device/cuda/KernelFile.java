package dev.drey.runtime.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** A file of kernels in this jar: PTX, the driver's assembly language, as nvcc wrote it. */
enum KernelFile {
  ATTENTION_BF16,
  ATTENTION_F32,
  ATTENTION_MERGE,
  DELTA,
  ELEMENTS,
  NORM,
  PRODUCTS_BF16,
  PRODUCTS_F32,
  ROUTER,
  ROWS,
  WRITE_KV;

  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)");
  private static final int DIGEST_CHARACTERS = 12;

  /** Name of the file. */
  String resource() {
    return name().toLowerCase(Locale.ROOT) + ".ptx";
  }

  /** What is in it. */
  byte[] ptx() {
    try (InputStream in = KernelFile.class.getResourceAsStream(resource())) {
      if (in == null) {
        throw new IllegalStateException(
            "%s is not in the jar beside %s".formatted(resource(), KernelFile.class.getName()));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The kernels that a file defines. */
  static List<String> kernels(byte[] ptx) {
    return ENTRY
        .matcher(new String(ptx, StandardCharsets.US_ASCII))
        .results()
        .map((MatchResult entry) -> entry.group(1))
        .toList();
  }

  /** Tells versions of the kernels apart: the start of the SHA-256 of all files. */
  static String digest() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (KernelFile file : values()) {
        digest.update(file.ptx());
      }
      return HexFormat.of().formatHex(digest.digest()).substring(0, DIGEST_CHARACTERS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
