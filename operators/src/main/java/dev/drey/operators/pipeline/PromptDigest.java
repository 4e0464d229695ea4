package dev.drey.operators.pipeline;

import dev.drey.operators.state.StoredSequence;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Tells prompts apart: the first eight bytes of a SHA-256 over the token ids. A record may become
 * another prompt when the model's chat template or tokenizer, or the job's date, have changed.
 */
final class PromptDigest {
  private PromptDigest() {}

  static long of(int[] promptIds) {
    ByteBuffer input = ByteBuffer.allocate(Integer.BYTES * promptIds.length);
    for (int id : promptIds) {
      input.putInt(id);
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      long first = ByteBuffer.wrap(digest.digest(input.array())).getLong();
      return first == StoredSequence.UNKNOWN_PROMPT ? 1 : first;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
