package dev.drey.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.Samples;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Avro's own generic reader and writer play the software of another version. */
class SchemaEvolutionTest {
  private static final int MAX_BYTES = 4096;
  private static final Path PUBLISHED = Path.of("src/main/resources/dev/drey/schemas/history");

  @ParameterizedTest
  @ValueSource(strings = {"InferenceRequest", "InferenceResult", "DeadLetter"})
  void theNewestPublishedVersionIsTheCurrentSchemaToTheLetter(String record) throws Exception {
    int newest = SchemaHistory.of(current(record)).size();
    assertThat(PUBLISHED.resolve(record + ".v" + newest + ".avsc"))
        .hasSameTextualContentAs(Path.of("src/main/avro", record + ".avsc"));
    try (var files = Files.list(PUBLISHED)) {
      assertThat(files.filter(each -> each.getFileName().toString().startsWith(record + ".v")))
          .hasSize(newest);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"InferenceRequest", "InferenceResult", "DeadLetter"})
  void allVersionsReadEachOther(String record) throws Exception {
    List<Schema> versions = new ArrayList<>(SchemaHistory.of(current(record)));
    versions.add(0, resource(record + ".older"));
    versions.add(resource(record + ".newer"));
    for (Schema reader : versions) {
      for (Schema writer : versions) {
        var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
        assertThat(result.getType())
            .as(result.getDescription())
            .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
      }
    }
  }

  @Test
  void anUnpublishedChangeIsNoticed() throws Exception {
    Schema changed = resource("InferenceRequest.newer");
    assertThatThrownBy(() -> SchemaHistory.of(changed))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("publish the changed schema as the next version");
  }

  @Test
  void olderRequestsAreReadWithTheirMissingFieldsAbsent() throws Exception {
    Schema older = resource("InferenceRequest.older");
    GenericRecord written = new GenericData.Record(older);
    written.put("custom_id", "row");
    written.put("prompt", "p");
    written.put("max_tokens", 5);
    written.put("stop", List.of("a", "b"));
    InferenceRequest expected = Samples.prompt("p");
    expected.setCustomId("row");
    expected.setMaxTokens(5);
    expected.setStop(List.of("a", "b"));
    assertThat(AvroCodec.requests(MAX_BYTES).alsoReading(older).decode(bytes(older, written)))
        .isEqualTo(expected);
  }

  @Test
  void softwareOfVersionOneReadsCurrentRequestsAndSeesNoConversation() throws Exception {
    byte[] written = AvroCodec.requests(MAX_BYTES).encode(Samples.chat());
    Schema first = SchemaHistory.of(InferenceRequest.getClassSchema()).get(0);
    var decoder = new BinaryMessageDecoder<GenericRecord>(GenericData.get(), first);
    decoder.addSchema(InferenceRequest.getClassSchema());
    GenericRecord read = decoder.decode(written, null);
    assertThat(read.getSchema().getField("messages")).isNull();
    assertThat(read.get("custom_id")).hasToString("row-9");
    assertThat(read.get("prompt")).isNull();
  }

  @Test
  void newerRequestsAreReadWithoutTheirFurtherFields() throws Exception {
    Schema newer = resource("InferenceRequest.newer");
    GenericRecord written = new GenericData.Record(newer);
    written.put("adapter", "unknown here");
    written.put("priority", 9);
    written.put("prompt", "p");
    written.put("seed", 3L);
    InferenceRequest expected = Samples.prompt("p");
    expected.setSeed(3L);
    AvroCodec<InferenceRequest> codec = AvroCodec.requests(MAX_BYTES).alsoReading(newer);
    assertThat(codec.decode(bytes(newer, written))).isEqualTo(expected);
    assertThat(codec.decode(codec.encode(expected))).isEqualTo(expected);
  }

  @Test
  void olderAndNewerSoftwareReadsCurrentRequests() throws Exception {
    byte[] written = AvroCodec.requests(MAX_BYTES).encode(Samples.fullRequest());
    GenericRecord older =
        read("InferenceRequest.older", InferenceRequest.getClassSchema(), written);
    assertThat(older.getSchema().getField("logprobs")).isNull();
    assertThat(older.get("max_tokens")).isEqualTo(40);
    assertThat(older.get("custom_id")).hasToString(Samples.fullRequest().getCustomId());
    GenericRecord newer =
        read("InferenceRequest.newer", InferenceRequest.getClassSchema(), written);
    assertThat(newer.get("priority")).isEqualTo(0);
    assertThat(newer.get("adapter")).isNull();
    assertThat(newer.get("deadline_ms")).isEqualTo(86_400_000_000L);
  }

  @Test
  void resultsAreReadBothWays() throws Exception {
    byte[] written = AvroCodec.results(MAX_BYTES).encode(Samples.generated());
    GenericRecord older = read("InferenceResult.older", InferenceResult.getClassSchema(), written);
    assertThat(older.get("text")).hasToString(Samples.generated().getText());
    GenericRecord newer = read("InferenceResult.newer", InferenceResult.getClassSchema(), written);
    assertThat(((GenericRecord) newer.get("usage")).get("cached_tokens")).isEqualTo(0);
    assertThat(((GenericRecord) newer.get("usage")).get("total_tokens")).isEqualTo(14);

    Schema newerSchema = resource("InferenceResult.newer");
    assertThat(
            AvroCodec.results(MAX_BYTES).alsoReading(newerSchema).decode(bytes(newerSchema, newer)))
        .isEqualTo(Samples.generated());
    InferenceResult expected = Samples.generated();
    expected.setLogprobs(null);
    expected.setSampling(null);
    expected.setSystemFingerprint(null);
    Schema olderSchema = resource("InferenceResult.older");
    assertThat(
            AvroCodec.results(MAX_BYTES).alsoReading(olderSchema).decode(bytes(olderSchema, older)))
        .isEqualTo(expected);
  }

  @Test
  void deadLettersAreReadBothWays() throws Exception {
    byte[] written = AvroCodec.deadLetters(MAX_BYTES).encode(Samples.deadLetter());
    GenericRecord older = read("DeadLetter.older", DeadLetter.getClassSchema(), written);
    assertThat(older.get("value")).isEqualTo(Samples.deadLetter().getValue());
    GenericRecord newer = read("DeadLetter.newer", DeadLetter.getClassSchema(), written);
    assertThat(newer.get("attempts")).isEqualTo(1);

    Schema newerSchema = resource("DeadLetter.newer");
    assertThat(
            AvroCodec.deadLetters(MAX_BYTES)
                .alsoReading(newerSchema)
                .decode(bytes(newerSchema, newer)))
        .isEqualTo(Samples.deadLetter());
    DeadLetter expected = Samples.deadLetter();
    expected.setCustomId(null);
    expected.setTimestamp(null);
    expected.setHeaders(List.of());
    Schema olderSchema = resource("DeadLetter.older");
    assertThat(
            AvroCodec.deadLetters(MAX_BYTES)
                .alsoReading(olderSchema)
                .decode(bytes(olderSchema, older)))
        .isEqualTo(expected);
  }

  @Test
  void aSchemaThatCannotBecomeTheCurrentOneIsRefused() {
    Schema other =
        new Schema.Parser()
            .parse(
                """
                {"type": "record", "name": "InferenceResult", "namespace": "dev.drey.schemas",
                 "fields": [{"name": "id", "type": "int"}]}""");
    AvroCodec<InferenceResult> codec = AvroCodec.results(MAX_BYTES);
    assertThatThrownBy(() -> codec.alsoReading(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model_digest")
        .hasMessageContaining("/fields/0/type");
  }

  private static Schema current(String record) {
    return switch (record) {
      case "InferenceRequest" -> InferenceRequest.getClassSchema();
      case "InferenceResult" -> InferenceResult.getClassSchema();
      default -> DeadLetter.getClassSchema();
    };
  }

  private static Schema resource(String name) throws Exception {
    try (InputStream in =
        SchemaEvolutionTest.class.getResourceAsStream("/schemas/" + name + ".avsc")) {
      return new Schema.Parser().parse(in);
    }
  }

  private static byte[] bytes(Schema schema, GenericRecord record) throws Exception {
    return new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema)
        .encode(record)
        .array();
  }

  private static GenericRecord read(String reader, Schema writer, byte[] bytes) throws Exception {
    var decoder = new BinaryMessageDecoder<GenericRecord>(GenericData.get(), resource(reader));
    decoder.addSchema(writer);
    return decoder.decode(bytes, null);
  }
}
