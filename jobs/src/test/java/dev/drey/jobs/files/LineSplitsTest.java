package dev.drey.jobs.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineSplitsTest {
  private static final InputFile FILE = new InputFile("n\u00e4me.jsonl", "file:/n", 100, 5);
  private static final LineSplit SPLIT = new LineSplit(FILE, 90, 40, 7);

  @Test
  void aSplitIsTheSameAfterBeingStored() throws IOException {
    LineSplits.SplitSerializer serializer = new LineSplits.SplitSerializer();

    assertThat(serializer.deserialize(1, serializer.serialize(SPLIT))).isEqualTo(SPLIT);
  }

  @Test
  void thePositionIsTheSameAfterBeingStored() throws IOException {
    LinePosition position = new LinePosition(List.of(FILE), 0, 90, 12, List.of(SPLIT));
    LineSplits.PositionSerializer serializer = new LineSplits.PositionSerializer();

    assertThat(serializer.deserialize(1, serializer.serialize(position))).isEqualTo(position);
  }

  @Test
  void anotherVersionIsRefusedWithBothNumbers() {
    assertThatThrownBy(() -> new LineSplits.SplitSerializer().deserialize(2, new byte[0]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version 2")
        .hasMessageContaining("version 1");
  }
}
