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

  void add(Sequence sequence) {
    SequenceProgress progress = sequence.progress();
    int[] ids = progress.outputIds();
    float[] logprobs = progress.logprobs();
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (2 + ids.length + logprobs.length));
    bytes.putInt(ids.length).putInt(logprobs.length);
    for (int id : ids) {
      bytes.putInt(id);
    }
    for (float logprob : logprobs) {
      bytes.putInt(Float.floatToRawIntBits(logprob));
    }
    digest.update(bytes.flip());
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
