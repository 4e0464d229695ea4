package dev.drey.operators.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.records.SourceRecord.Header;
import dev.drey.operators.slot.EngineIdentity;
import dev.drey.runtime.schedule.SequenceProgress;
import dev.drey.runtime.schedule.TokenCounters;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/**
 * The stored samples are what each version of each format wrote; they must stay readable for ever.
 */
class StoredSequenceTest {
  private static final EngineIdentity IDENTITY =
      new EngineIdentity("model", "0123abcd", "bf16", "avx512/3.11");
  private static final StoredSequence SEQUENCE =
      new StoredSequence(
          new SourceRecord(
              null,
              "{\"prompt\":\"a\"}".getBytes(StandardCharsets.UTF_8),
              List.of(new Header("h", new byte[] {1, 2}), new Header("h", null)),
              "töpic",
              2,
              1L << 33,
              1_700_000_000_000L),
          0x0123456789abcdefL,
          IDENTITY,
          new StoredParameters(300, -7L, 0x1122334455667788L),
          new SequenceProgress(
              new int[] {5, 6, 7},
              new float[] {-0.5f, -1.25f, -2f},
              new int[] {5, 1, 6, 1, 1, 7},
              new float[] {-0.5f, -1f, -1.25f, -3f, -1f, -2f},
              false,
              11,
              new TokenCounters(9, 2, 4, 3)));

  @Test
  void sequenceOfVersionOneIsRead() throws IOException {
    StoredSequence read =
        new StoredSequenceSerializer().deserialize(sample("stored-sequence.v1.hex"));
    assertThat(read.record()).isEqualTo(SEQUENCE.record());
    assertThat(read.promptDigest()).isEqualTo(StoredSequence.UNKNOWN_PROMPT);
    assertThat(read.engine()).isNull();
    assertThat(read.parameters()).isNull();
    assertThat(read.progress()).usingRecursiveComparison().isEqualTo(SEQUENCE.progress());
  }

  @Test
  void sequenceOfVersionTwoIsRead() throws IOException {
    StoredSequence read =
        new StoredSequenceSerializer().deserialize(sample("stored-sequence.v2.hex"));
    assertThat(read.record()).isEqualTo(SEQUENCE.record());
    assertThat(read.promptDigest()).isEqualTo(SEQUENCE.promptDigest());
    assertThat(read.engine()).isNull();
    assertThat(read.parameters()).isNull();
    assertThat(read.progress()).usingRecursiveComparison().isEqualTo(SEQUENCE.progress());
  }

  @Test
  void sequenceOfVersionThreeIsReadAndWritten() throws IOException {
    StoredSequence read =
        new StoredSequenceSerializer().deserialize(sample("stored-sequence.v3.hex"));
    assertThat(read).usingRecursiveComparison().isEqualTo(SEQUENCE);
    DataOutputSerializer out = new DataOutputSerializer(64);
    new StoredSequenceSerializer().serialize(SEQUENCE, out);
    assertThat(HexFormat.of().formatHex(out.getCopyOfBuffer()))
        .isEqualTo(text("stored-sequence.v3.hex"));
  }

  @Test
  void identityOfVersionOneIsReadAndWritten() throws IOException {
    assertThat(new EngineIdentitySerializer().deserialize(sample("engine-identity.v1.hex")))
        .isEqualTo(IDENTITY);
    DataOutputSerializer out = new DataOutputSerializer(64);
    new EngineIdentitySerializer().serialize(IDENTITY, out);
    assertThat(HexFormat.of().formatHex(out.getCopyOfBuffer()))
        .isEqualTo(text("engine-identity.v1.hex"));
  }

  @Test
  void anUnknownVersionIsRefusedWithBothNumbers() {
    DataInputDeserializer future = new DataInputDeserializer(new byte[] {0, 0, 0, 9});
    assertThatThrownBy(() -> new StoredSequenceSerializer().deserialize(future))
        .hasMessageContaining("expected format version 1 to 3, found 9");
  }

  @Test
  void differencesNameBothValuesAndOnlyWhatDiffers() {
    EngineIdentity other = new EngineIdentity("renamed", "ffff", "bf16", "avx512/3.11");
    assertThat(TableIdentity.differences(IDENTITY, other))
        .containsExactly("model digest: the state has '0123abcd', this job has 'ffff'");
    assertThat(TableIdentity.differences(IDENTITY, IDENTITY)).isEmpty();
  }

  private static DataInputDeserializer sample(String name) throws IOException {
    return new DataInputDeserializer(HexFormat.of().parseHex(text(name)));
  }

  private static String text(String name) throws IOException {
    try (InputStream in = StoredSequenceTest.class.getResourceAsStream("/state/" + name)) {
      if (in == null) {
        throw new IOException("no test resource state/" + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
    }
  }
}
