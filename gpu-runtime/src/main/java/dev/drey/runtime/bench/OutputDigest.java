package dev.drey.runtime.bench;

import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceProgress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 over what sequences produced: two runs agree bit by bit or have different digests. */
final class OutputDigest {
  private final MessageDigest digest;

  OutputDigest() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Adds what a sequence produced.
   *
   * @param most tokens that count, from its first on
   */
  void add(Sequence sequence, int most) {
    SequenceProgress progress = sequence.progress();
    int[] ids = progress.outputIds();
    float[] logprobs = progress.logprobs();
    int tokens = Math.min(most, ids.length);
    int likelihoods = Math.min(most, logprobs.length);
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (2 + tokens + likelihoods));
    bytes.putInt(tokens).putInt(likelihoods);
    for (int i = 0; i < tokens; i++) {
      bytes.putInt(ids[i]);
    }
    for (int i = 0; i < likelihoods; i++) {
      bytes.putInt(Float.floatToRawIntBits(logprobs[i]));
    }
    digest.update(bytes.flip());
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
