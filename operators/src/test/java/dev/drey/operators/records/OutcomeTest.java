package dev.drey.operators.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.Usage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class OutcomeTest {
  private static final SourceRecord RECORD =
      new SourceRecord(
          new byte[] {1},
          new byte[] {2, 3},
          List.of(new SourceRecord.Header("a", null)),
          "t",
          1,
          2,
          3);

  @Test
  void resultSurvivesSerialization() throws IOException {
    InferenceResult result = new InferenceResult();
    result.setId("t-1-2");
    result.setModel("m");
    result.setModelDigest("d");
    result.setText("text");
    result.setTokenIds(List.of(1, 2));
    result.setUsage(new Usage(1, 2, 3));
    Outcome back = roundTrip(Outcome.of(RECORD, result));
    assertThat(back.result()).isEqualTo(result);
    assertThat(back.deadLetter()).isNull();
    assertThat(back.origin()).isEqualTo(RECORD);
  }

  @Test
  void deadLetterSurvivesSerializationWithItsBytes() throws IOException {
    DeadLetter letter = letter();
    Outcome back = roundTrip(Outcome.of(RECORD, letter));
    assertThat(back.deadLetter()).isEqualTo(letter);
    assertThat(back.result()).isNull();
    assertThat(back.origin()).isEqualTo(RECORD.withoutValue());
  }

  @Test
  void anOutcomeIsEitherAResultOrADeadLetter() {
    assertThatThrownBy(() -> new Outcome(RECORD, null, null)).hasMessageContaining("neither");
    assertThatThrownBy(() -> new Outcome(RECORD, new InferenceResult(), letter()))
        .hasMessageContaining("both");
  }

  @Test
  void nothingOfARecordIsInItsText() {
    SourceRecord secret = SourceRecord.of("secret".getBytes(StandardCharsets.UTF_8), "t", 0, 5);
    assertThat(secret.toString()).contains("t-0-5").doesNotContain("secret");
    assertThat(Outcome.of(secret, letter()).toString()).doesNotContain("secret");
  }

  private static DeadLetter letter() {
    DeadLetter letter = new DeadLetter();
    letter.setId("t-1-2");
    letter.setErrorClass("e");
    letter.setMessage("m");
    letter.setRetriable(false);
    letter.setSource("t");
    letter.setPartition(1);
    letter.setOffset(2L);
    letter.setValue(ByteBuffer.wrap(new byte[] {2, 3}));
    letter.setHeaders(List.of());
    return letter;
  }

  private static Outcome roundTrip(Outcome outcome) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(64);
    new OutcomeSerializer().serialize(outcome, out);
    return new OutcomeSerializer().deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
  }
}
