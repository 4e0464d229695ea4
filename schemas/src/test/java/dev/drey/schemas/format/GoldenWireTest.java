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
  void versionOneOfEachRecordIsReadAndWritten() throws Exception {
    for (WireFormat format : WireFormat.values()) {
      check(format, "full-request", format.requests(4096), Samples.fullRequest());
      check(format, "prompt-request", format.requests(4096), Samples.prompt("p"));
      check(format, "generated-result", format.results(4096), Samples.generated());
      check(format, "scored-result", format.results(4096), Samples.scored());
      check(format, "dead-letter", format.deadLetters(4096), Samples.deadLetter());
      check(format, "small-dead-letter", format.deadLetters(4096), Samples.smallDeadLetter());
    }
  }

  private static <T> void check(WireFormat format, String name, RecordCodec<T> codec, T record)
      throws Exception {
    byte[] golden = format == WireFormat.AVRO ? avro(name) : json(name);
    assertThat(codec.decode(golden)).as("%s %s", format, name).isEqualTo(record);
    assertThat(codec.encode(record)).as("%s %s", format, name).isEqualTo(golden);
  }

  private static byte[] avro(String name) throws Exception {
    return HexFormat.of().parseHex(text(name + ".avro.hex"));
  }

  private static byte[] json(String name) throws Exception {
    return text(name + ".json").getBytes(StandardCharsets.UTF_8);
  }

  private static String text(String file) throws Exception {
    try (InputStream in = GoldenWireTest.class.getResourceAsStream("/golden/v1/" + file)) {
      assertThat(in).as("golden file %s", file).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
    }
  }
}
