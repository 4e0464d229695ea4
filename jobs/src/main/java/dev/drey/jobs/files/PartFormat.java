package dev.drey.jobs.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.operators.records.Outcome;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.format.WireFormat;
import dev.drey.schemas.serde.RecordCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLEncoder;
import org.apache.flink.api.common.serialization.Encoder;
import org.jspecify.annotations.Nullable;

/**
 * How an outcome lies in a part file: one line of kind ({@code R} or {@code D}), number of the
 * input line, name of the input file (URL-encoded), each followed by a blank, and the record as
 * JSON.
 */
final class PartFormat implements Encoder<Outcome> {
  private static final long serialVersionUID = 1L;

  /** Kind of a result. */
  static final char RESULT = 'R';

  /** Kind of a dead letter. */
  static final char DEAD_LETTER = 'D';

  private transient @Nullable RecordCodec<InferenceResult> results;
  private transient @Nullable RecordCodec<DeadLetter> deadLetters;

  @Override
  public void encode(Outcome outcome, OutputStream out) throws IOException {
    InferenceResult result = outcome.result();
    DeadLetter letter = outcome.deadLetter();
    byte[] json;
    if (result != null) {
      json = results().encode(result);
    } else if (letter != null) {
      json = deadLetters().encode(letter);
    } else {
      throw new IllegalStateException(outcome + " is neither result nor dead letter");
    }
    String place =
        "%c %d %s "
            .formatted(
                result != null ? RESULT : DEAD_LETTER,
                outcome.origin().offset(),
                URLEncoder.encode(outcome.origin().source(), UTF_8));
    out.write(place.getBytes(UTF_8));
    out.write(json);
    out.write('\n');
  }

  private RecordCodec<InferenceResult> results() {
    RecordCodec<InferenceResult> codec = results;
    if (codec == null) {
      codec = WireFormat.JSON.results(WireFormat.DEFAULT_MAX_BYTES);
      results = codec;
    }
    return codec;
  }

  private RecordCodec<DeadLetter> deadLetters() {
    RecordCodec<DeadLetter> codec = deadLetters;
    if (codec == null) {
      codec = WireFormat.JSON.deadLetters(WireFormat.DEFAULT_MAX_BYTES);
      deadLetters = codec;
    }
    return codec;
  }
}
