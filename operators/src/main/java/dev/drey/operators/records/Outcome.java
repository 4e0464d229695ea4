package dev.drey.operators.records;

import dev.drey.operators.flink.ValueType;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of one input record: a result, or a dead letter. Exactly one of the two is there.
 *
 * @param origin the record it answers, for its key, headers and place; with its value only for a
 *     result, which a sink may have to turn into a dead letter; a dead letter holds the value
 *     itself
 * @param result the result, or null
 * @param deadLetter the dead letter, or null
 */
public record Outcome(
    SourceRecord origin, @Nullable InferenceResult result, @Nullable DeadLetter deadLetter) {
  /** The type, with a serializer of its own. */
  public static final TypeInformation<Outcome> TYPE =
      ValueType.of(Outcome.class, new OutcomeSerializer());

  public Outcome {
    if ((result == null) == (deadLetter == null)) {
      throw new IllegalArgumentException(
          "outcome of %s: expected a result or a dead letter, found %s"
              .formatted(origin, result == null ? "neither" : "both"));
    }
  }

  /** A record was served. */
  public static Outcome of(SourceRecord origin, InferenceResult result) {
    return new Outcome(origin, result, null);
  }

  /** A record cannot be served. */
  public static Outcome of(SourceRecord origin, DeadLetter deadLetter) {
    return new Outcome(origin.withoutValue(), null, deadLetter);
  }

  /** Where it came from; never what it holds. */
  @Override
  public String toString() {
    return "Outcome[%s, %s]"
        .formatted(origin.identity(), result != null ? "result" : "dead letter");
  }
}
