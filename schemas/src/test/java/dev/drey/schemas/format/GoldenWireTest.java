package dev.drey.schemas.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.schemas.Samples;
import dev.drey.schemas.serde.RecordCodec;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Bytes of every published version, as its software wrote them: still read, and still written. */
class GoldenWireTest {

  @Test
  void versionOneOfEachRecordIsRead() throws Exception {
    for (WireFormat format : WireFormat.values()) {
      reads(format, "v1/full-request", format.requests(4096), Samples.fullRequest());
      reads(format, "v1/prompt-request", format.requests(4096), Samples.prompt("p"));
    }
  }

  @Test
  void theCurrentVersionOfEachRecordIsReadAndWritten() throws Exception {
    for (WireFormat format : WireFormat.values()) {
      check(format, "v2/full-request", format.requests(4096), Samples.fullRequest());
      check(format, "v2/prompt-request", format.requests(4096), Samples.prompt("p"));
      check(format, "v2/chat-request", format.requests(4096), Samples.chat());
      check(format, "v1/generated-result", format.results(4096), Samples.generated());
      check(format, "v1/scored-result", format.results(4096), Samples.scored());
      check(format, "v1/dead-letter", format.deadLetters(4096), Samples.deadLetter());
      check(format, "v1/small-dead-letter", format.deadLetters(4096), Samples.smallDeadLetter());
    }
  }

  private static <T> void check(WireFormat format, String name, RecordCodec<T> codec, T record)
      throws Exception {
    assertThat(codec.encode(record)).as("%s %s", format, name).isEqualTo(golden(format, name));
    reads(format, name, codec, record);
  }

  private static <T> void reads(WireFormat format, String name, RecordCodec<T> codec, T record)
      throws Exception {
    assertThat(codec.decode(golden(format, name))).as("%s %s", format, name).isEqualTo(record);
  }

  private static byte[] golden(WireFormat format, String name) throws Exception {
    return format == WireFormat.AVRO ? avro(name) : json(name);
  }

  private static byte[] avro(String name) throws Exception {
    return HexFormat.of().parseHex(text(name + ".avro.hex"));
  }

  private static byte[] json(String name) throws Exception {
    return text(name + ".json").getBytes(StandardCharsets.UTF_8);
  }

  private static String text(String file) throws Exception {
    try (InputStream in = GoldenWireTest.class.getResourceAsStream("/golden/" + file)) {
      assertThat(in).as("golden file %s", file).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
    }
  }
}
