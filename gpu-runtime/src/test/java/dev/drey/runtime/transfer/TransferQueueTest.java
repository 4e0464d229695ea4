package dev.drey.runtime.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Decisions that a worker and another thread make about one transfer at the same time. */
class TransferQueueTest {
  private final TransferQueue queue = new TransferQueue(4);
  private final MemoryBudget budget = MemoryBudget.root("test", RecordedTransfer.BLOCK_BYTES);
  private final DeviceBuffer target =
      new FakeDevice(false).allocate(budget, RecordedTransfer.BLOCK_BYTES);
  private final TransferTicket ticket =
      new TransferTicket(
          new RecordedTransfer("p", 1, target, new ArrayList<>()), TransferPriority.PREFETCH);

  @AfterEach
  void free() {
    target.close();
    budget.close();
  }

  @Test
  void whatAWorkerIsAboutToStopCannotBePromotedAnyMore() {
    run();
    queue.cancel(ticket);

    assertThat(queue.next(ticket)).isEqualTo(TransferQueue.Next.STOP);
    assertThat(queue.promote(ticket)).isFalse();
  }

  @Test
  void whatIsCancelledWhileItGivesWayCannotBePromotedAnyMore() {
    run();
    queue.cancel(ticket);

    assertThat(queue.putBack(ticket)).isFalse();
    assertThat(queue.promote(ticket)).isFalse();
  }

  @Test
  void whatIsPromotedBeforeAWorkerAsksGoesOn() {
    run();
    queue.cancel(ticket);

    assertThat(queue.promote(ticket)).isTrue();
    assertThat(queue.next(ticket)).isEqualTo(TransferQueue.Next.MOVE);
  }

  private void run() {
    assertThat(queue.submit(ticket)).isTrue();
    assertThat(queue.poll()).isSameAs(ticket);
  }
}
