package dev.drey.schemas.json;

import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.serde.RecordCodec;
import dev.drey.schemas.serde.RecordFormatException;
import dev.drey.schemas.serde.RequestKind;
import org.jspecify.annotations.Nullable;

/**
 * Requests as JSON lines, in either of two forms: the fields of {@link InferenceRequest} at top
 * level, or the OpenAI batch line {@code {"custom_id", "method": "POST", "url": "/v1/completions",
 * "body": {…}}} with all but {@code custom_id} in the body; with messages the URL is {@code
 * /v1/chat/completions}.
 *
 * <p>Beyond the schema, {@code max_completion_tokens} and {@code max_new_tokens} are read as {@code
 * max_tokens}, {@code stop} may be one string, and {@code n} may be 1. A message's {@code content}
 * may be a list of text parts, {@code arguments} of a call may be an object. Names that the OpenAI
 * and vLLM interfaces have and Drey has not are refused as unsupported, whatever their value: a
 * parameter without effect would be a wrong answer. Ranges of values are not checked here.
 */
public final class RequestJsonCodec implements RecordCodec<InferenceRequest> {
  private final int maxBytes;

  /**
   * A codec for requests.
   *
   * @param maxBytes longest line that is read
   */
  public RequestJsonCodec(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** {@inheritDoc} The line has the first form. */
  @Override
  public byte[] encode(InferenceRequest request) {
    return JsonRecordWriter.line(request);
  }

  /** {@inheritDoc} The exception carries the {@code custom_id} wherever it stands in the line. */
  @Override
  public InferenceRequest decode(byte @Nullable [] bytes) throws RecordFormatException {
    String text = StrictJson.text(bytes, maxBytes);
    try {
      InferenceRequest request = StrictJson.read(text, RequestReader::read);
      RequestKind.of(request);
      return request;
    } catch (RecordFormatException e) {
      throw e.of(StrictJson.customId(text));
    }
  }
}
