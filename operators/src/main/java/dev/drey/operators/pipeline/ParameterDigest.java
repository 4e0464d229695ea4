package dev.drey.operators.pipeline;

import dev.drey.operators.state.StoredParameters;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Tells resolved parameters apart. What a record leaves open is what the job's settings and the
 * model's files say, so the same record may get others in another job.
 */
final class ParameterDigest {
  private ParameterDigest() {}

  static StoredParameters of(SequenceRequest request) {
    SamplingParams params = request.sampling();
    return new StoredParameters(params.maxTokens(), params.seed(), others(request));
  }

  /** The first eight bytes of a SHA-256. */
  private static long others(SequenceRequest request) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return ByteBuffer.wrap(digest.digest(bytes(request))).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    } catch (IOException e) {
      throw new UncheckedIOException("writing into memory", e);
    }
  }

  private static byte[] bytes(SequenceRequest request) throws IOException {
    SamplingParams params = request.sampling();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF(request.kind().name());
    out.writeInt(request.scoreFrom());
    out.writeDouble(params.temperature());
    out.writeInt(params.topK());
    out.writeDouble(params.topP());
    out.writeDouble(params.minP());
    out.writeDouble(params.repetitionPenalty());
    out.writeDouble(params.presencePenalty());
    out.writeDouble(params.frequencyPenalty());
    out.writeBoolean(params.ignoreEos());
    out.writeInt(params.minTokens());
    out.writeInt(params.logprobs());
    int[] stopIds = params.stopTokenIds().stream().mapToInt(Integer::intValue).sorted().toArray();
    out.writeInt(stopIds.length);
    for (int id : stopIds) {
      out.writeInt(id);
    }
    for (String stop : params.stop()) {
      byte[] text = stop.getBytes(StandardCharsets.UTF_8);
      out.writeInt(text.length);
      out.write(text);
    }
    return bytes.toByteArray();
  }
}
