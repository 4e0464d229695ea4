package dev.drey.runtime.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.layers.StepBatch.MicroBatch;
import dev.drey.runtime.plan.StepWork;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepCountTest {
  @Test
  void rowsAttendToAllBeforeThemAndStoredTokensCountOncePerSequence() {
    StepBatch batch = new StepBatch(8);
    batch.reset(0);
    for (int row = 0; row < 4; row++) {
      batch.addRow(0, 0, 16);
    }
    batch.wantLogits(3);
    Span decode = new Span(0, 1, 9, new int[1], -1);
    Span chunk = new Span(1, 3, 5, new int[1], -1);
    batch.addMicroBatch(new MicroBatch(0, 4, new AttentionBatch(List.of(decode, chunk))));
    assertThat(StepCount.of(batch, 6, 2))
        .isEqualTo(new StepWork(4, 1, 10 + (6 + 7 + 8), 10 + 8, 6, 2));
  }
}
