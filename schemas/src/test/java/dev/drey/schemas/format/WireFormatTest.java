package dev.drey.schemas.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.schemas.Samples;
import dev.drey.schemas.serde.RecordFormatException;
import org.junit.jupiter.api.Test;

class WireFormatTest {

  @Test
  void formatsAreChosenByName() {
    assertThat(WireFormat.named("json")).isEqualTo(WireFormat.JSON);
    assertThat(WireFormat.named("AVRO")).isEqualTo(WireFormat.AVRO);
    assertThatThrownBy(() -> WireFormat.named("xml"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("record format: expected json or avro, found 'xml'");
  }

  @Test
  void bytesOfTheOtherFormatAreBadRecords() {
    byte[] avro = WireFormat.AVRO.requests(4096).encode(Samples.prompt("p"));
    byte[] json = WireFormat.JSON.requests(4096).encode(Samples.prompt("p"));
    assertThatThrownBy(() -> WireFormat.JSON.requests(4096).decode(avro))
        .isInstanceOf(RecordFormatException.class);
    assertThatThrownBy(() -> WireFormat.AVRO.requests(4096).decode(json))
        .isInstanceOf(RecordFormatException.class);
  }
}
