package dev.drey.schemas.format;

import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.json.JsonCodec;
import dev.drey.schemas.json.RequestJsonCodec;
import dev.drey.schemas.serde.AvroCodec;
import dev.drey.schemas.serde.RecordCodec;
import java.util.Locale;

/**
 * How records are written as bytes. A job is told which it is: bytes of the other format are bad
 * records, since guessing would let a damaged record pass for something else.
 */
public enum WireFormat {
  /** JSON lines, in files or as message values. */
  JSON {
    @Override
    public RecordCodec<InferenceRequest> requests(int maxBytes) {
      return new RequestJsonCodec(maxBytes);
    }

    @Override
    public RecordCodec<InferenceResult> results(int maxBytes) {
      return JsonCodec.results(maxBytes);
    }

    @Override
    public RecordCodec<DeadLetter> deadLetters(int maxBytes) {
      return JsonCodec.deadLetters(maxBytes);
    }
  },
  /** Avro single-object encoding, as message values. */
  AVRO {
    @Override
    public RecordCodec<InferenceRequest> requests(int maxBytes) {
      return AvroCodec.requests(maxBytes);
    }

    @Override
    public RecordCodec<InferenceResult> results(int maxBytes) {
      return AvroCodec.results(maxBytes);
    }

    @Override
    public RecordCodec<DeadLetter> deadLetters(int maxBytes) {
      return AvroCodec.deadLetters(maxBytes);
    }
  };

  /** Longest message read unless configured otherwise: 4 MiB. */
  public static final int DEFAULT_MAX_BYTES = 4 << 20;

  /**
   * The codec of requests.
   *
   * @param maxBytes longest message that is read
   */
  public abstract RecordCodec<InferenceRequest> requests(int maxBytes);

  /**
   * The codec of results.
   *
   * @param maxBytes longest message that is read
   */
  public abstract RecordCodec<InferenceResult> results(int maxBytes);

  /**
   * The codec of dead letters.
   *
   * @param maxBytes longest message that is read
   */
  public abstract RecordCodec<DeadLetter> deadLetters(int maxBytes);

  /**
   * The format of this name, in any case.
   *
   * @throws IllegalArgumentException naming the formats there are
   */
  public static WireFormat named(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "json" -> JSON;
      case "avro" -> AVRO;
      default ->
          throw new IllegalArgumentException(
              "record format: expected json or avro, found '" + name + "'");
    };
  }
}
