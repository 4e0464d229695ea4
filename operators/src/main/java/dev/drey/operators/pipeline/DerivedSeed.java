package dev.drey.operators.pipeline;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The seed of a request that brings none: the first eight bytes of a SHA-256 over the job's seed,
 * the request's name and its tokens. So it is the same after a restart, in any replica and in any
 * order of arrival, and differs between requests.
 */
final class DerivedSeed {
  private static final String DOMAIN = "drey.seed.1";

  private DerivedSeed() {}

  /**
   * Derives the seed.
   *
   * @param name the sender's name for the record, or its place where it has none
   */
  static long of(long jobSeed, String name, int[] promptIds) {
    byte[] domain = DOMAIN.getBytes(StandardCharsets.UTF_8);
    byte[] named = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer input =
        ByteBuffer.allocate(
            domain.length + Long.BYTES + Integer.BYTES * (1 + promptIds.length) + named.length);
    input.put(domain).putLong(jobSeed).putInt(named.length).put(named);
    for (int id : promptIds) {
      input.putInt(id);
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return ByteBuffer.wrap(digest.digest(input.array())).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
