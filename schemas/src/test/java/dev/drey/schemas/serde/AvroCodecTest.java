package dev.drey.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.Samples;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AvroCodecTest {
  private static final int MAX_BYTES = 4096;
  private static final int HEADER = 10;

  private final AvroCodec<InferenceRequest> requests = AvroCodec.requests(MAX_BYTES);
  private final AvroCodec<InferenceResult> results = AvroCodec.results(MAX_BYTES);
  private final AvroCodec<DeadLetter> deadLetters = AvroCodec.deadLetters(MAX_BYTES);

  @Test
  void recordsComeBackEqual() throws Exception {
    for (InferenceRequest each : List.of(Samples.fullRequest(), Samples.prompt(""))) {
      assertThat(requests.decode(requests.encode(each))).isEqualTo(each);
    }
    for (InferenceResult each : List.of(Samples.generated(), Samples.scored())) {
      assertThat(results.decode(results.encode(each))).isEqualTo(each);
    }
    for (DeadLetter each : List.of(Samples.deadLetter(), Samples.smallDeadLetter())) {
      assertThat(deadLetters.decode(deadLetters.encode(each))).isEqualTo(each);
    }
  }

  @Test
  void bytesAreThoseOfAvrosOwnEncoder() throws Exception {
    assertThat(ByteBuffer.wrap(requests.encode(Samples.fullRequest())))
        .isEqualTo(InferenceRequest.getEncoder().encode(Samples.fullRequest()));
    assertThat(ByteBuffer.wrap(results.encode(Samples.generated())))
        .isEqualTo(InferenceResult.getEncoder().encode(Samples.generated()));
    assertThat(ByteBuffer.wrap(deadLetters.encode(Samples.deadLetter())))
        .isEqualTo(DeadLetter.getEncoder().encode(Samples.deadLetter()));
  }

  @Test
  void encodingDoesNotConsumeTheBytesOfADeadLetter() {
    DeadLetter letter = Samples.deadLetter();
    byte[] first = deadLetters.encode(letter);
    assertThat(deadLetters.encode(letter)).isEqualTo(first);
    assertThat(letter).isEqualTo(Samples.deadLetter());
  }

  @Test
  void aRecordWithoutARequiredFieldIsNotWritten() {
    InferenceResult result = Samples.scored();
    result.setId(null);
    assertThatThrownBy(() -> results.encode(result))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("InferenceResult cannot be written")
        .hasMessageContaining("id");
  }

  @Test
  void whatIsNotAvroIsRefused() {
    refuses(null, Problem.EMPTY, "no value");
    refuses(new byte[0], Problem.EMPTY, "no bytes");
    refuses("{\"prompt\":\"secret\"}".getBytes(StandardCharsets.UTF_8), Problem.NOT_AVRO, "7b 22");
    refuses(bytes(0, 0, 0, 0, 7, 2), Problem.NOT_AVRO, "00 00"); // a registry's framing
    refuses(bytes(0xc3, 2, 0, 0, 0, 0, 0, 0, 0, 0), Problem.NOT_AVRO, "c3 02");
    refuses(new byte[MAX_BYTES + 1], Problem.TOO_LARGE, "at most 4096 bytes, found 4097 bytes");
  }

  @Test
  void anUnknownSchemaIsRefusedWithBothFingerprints() {
    byte[] bytes = requests.encode(Samples.prompt("p"));
    Arrays.fill(bytes, 2, HEADER, (byte) 0x11);
    refuses(bytes, Problem.UNKNOWN_SCHEMA, "found fingerprint 0x1111111111111111");
    byte[] result = results.encode(Samples.scored());
    refuses(result, Problem.UNKNOWN_SCHEMA, "a schema of InferenceRequest: 0x");
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = requests.encode(Samples.fullRequest());
    for (int length = 1; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      var refusal = catchThrowableOfType(RecordFormatException.class, () -> requests.decode(part));
      assertThat(refusal).as("length %d", length).isNotNull();
      assertThat(refusal.problem()).as("length %d", length).isEqualTo(Problem.TRUNCATED);
    }
  }

  @Test
  void bytesAfterTheRecordAreRefused() {
    byte[] whole = requests.encode(Samples.fullRequest());
    refuses(Arrays.copyOf(whole, whole.length + 3), Problem.TRAILING_BYTES, "3 more bytes");
  }

  @Test
  void lengthsBeyondTheDataAreRefusedBeforeAnythingIsAllocated() {
    // prompt_token_ids is the fourth field; before it come three absent ones
    refuses(
        body(0, 0, 0, 2, 0xfc, 0xff, 0xff, 0xff, 0x0f),
        Problem.TRUNCATED,
        "prompt_token_ids: expected 2147483646 items, found only 0 bytes left");
    refuses(
        body(0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2),
        Problem.TRUNCATED,
        "prompt_token_ids");
    refuses(
        body(2, 0xfc, 0xff, 0xff, 0xff, 0x0f),
        Problem.TRUNCATED,
        "custom_id: expected 2147483646 bytes, found only 0 bytes left");
    refuses(body(2, 1), Problem.MALFORMED, "custom_id: expected a length from 0");
  }

  @Test
  void valuesThatAreNoneOfTheirTypeAreRefused() {
    refuses(body(4), Problem.MALFORMED, "custom_id: expected a choice from 0 to 1, found 2");
    refuses(body(1), Problem.MALFORMED, "custom_id: expected a choice from 0 to 1, found -1");
    refuses(
        body(0, 0, 0, 2, 2, 0xff, 0xff, 0xff, 0xff, 0x1f, 0),
        Problem.MALFORMED,
        "prompt_token_ids: expected an integer of 32 bits, found a longer one");
    refuses(
        body(0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
        Problem.MALFORMED,
        "custom_id: expected an integer of 32 bits");
    byte[] ignoreEos = bytes(2, 7); // after 18 absent fields
    refuses(
        body(concat(new byte[18], ignoreEos)),
        Problem.MALFORMED,
        "ignore_eos: expected boolean 0 or 1, found 7");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    refuses(body(2, 4, 0xc0, 0x80), Problem.INVALID_UTF8, "invalid byte 0xc0 at offset 0");
    refuses(
        body(2, 8, 'a', 0xed, 0xa0, 0x80), Problem.INVALID_UTF8, "invalid byte 0xed at offset 1");
    refuses(body(2, 2, 0xff), Problem.INVALID_UTF8, "custom_id");
    refuses(body(2, 4, 'a', 0xe2), Problem.INVALID_UTF8, "custom_id");
  }

  @Test
  void arraysInBlocksWithASizeAreRead() throws Exception {
    byte[] tail = new byte[22];
    byte[] blocks = bytes(0, 0, 0, 2, 3, 4, 10, 12, 2, 14, 0); // two of 2 bytes, then one
    assertThat(requests.decode(body(concat(blocks, tail))).getPromptTokenIds())
        .containsExactly(5, 6, 7);
  }

  @Test
  void aRequestWithoutInputIsRefusedWithItsCustomId() {
    InferenceRequest request = new InferenceRequest();
    request.setCustomId("row");
    var refusal =
        catchThrowableOfType(
            RecordFormatException.class, () -> requests.decode(requests.encode(request)));
    assertThat(refusal.problem()).isEqualTo(Problem.MISSING_FIELD);
    assertThat(refusal.customId()).contains("row");
  }

  @Test
  void damagedRecordsAreReadOrRefusedAndNothingElse() throws Exception {
    Random random = new Random(1);
    byte[] whole = results.encode(Samples.generated());
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] damaged = whole.clone();
      for (int i = 0; i <= round % 3; i++) {
        damaged[HEADER + random.nextInt(whole.length - HEADER)] = (byte) random.nextInt();
      }
      try {
        InferenceResult read = results.decode(damaged);
        assertThat(results.decode(results.encode(read))).isEqualTo(read);
      } catch (RecordFormatException e) {
        refused++;
      }
    }
    assertThat(refused).isBetween(1_000, 19_000);
  }

  private void refuses(byte @Nullable [] bytes, Problem problem, String message) {
    assertThatExceptionOfType(RecordFormatException.class)
        .isThrownBy(() -> requests.decode(bytes))
        .withMessageContaining(message)
        .withMessageNotContaining("secret")
        .satisfies(e -> assertThat(e.problem()).isEqualTo(problem));
  }

  /** A request with this body. */
  private byte[] body(byte[] body) {
    byte[] header = Arrays.copyOf(requests.encode(Samples.prompt("")), HEADER);
    return concat(header, body);
  }

  private byte[] body(int... body) {
    return body(bytes(body));
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static byte[] concat(byte[] first, byte[] second) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(first);
    out.writeBytes(second);
    return out.toByteArray();
  }
}
