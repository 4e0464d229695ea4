package dev.drey.runtime.transfer;

import static dev.drey.runtime.transfer.TransferPriority.DEMAND;
import static dev.drey.runtime.transfer.TransferPriority.PREFETCH;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is moved when, one block at a time, on a device that copies as late as it may. */
class TransferEngineTest {
  private final MemoryBudget budget = MemoryBudget.root("test", 1 << 20);
  private final MemoryBudget staging = budget.child("staging");
  private final MemoryBudget targets = budget.child("targets");
  private final FakeDevice device = new FakeDevice(true);
  private final List<String> log = new ArrayList<>();
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private SteppedEngine stepped = open(new TransferConfig(2, 0, Duration.ofSeconds(5), 3));

  private SteppedEngine open(TransferConfig config) {
    return new SteppedEngine(device, staging, RecordedTransfer.BLOCK_BYTES, 4, config);
  }

  private void reopen(TransferConfig config) {
    stepped.engine.close();
    stepped = open(config);
  }

  /** With one I/O thread. */
  private void reopenOn(Device other) {
    TransferConfig config = new TransferConfig(1, 0, Duration.ofSeconds(5), 3);
    stepped.engine.close();
    stepped = new SteppedEngine(other, staging, RecordedTransfer.BLOCK_BYTES, 4, config);
  }

  private RecordedTransfer transfer(String name, int blocks) {
    DeviceBuffer target = device.allocate(targets, (long) blocks * RecordedTransfer.BLOCK_BYTES);
    buffers.add(target);
    return new RecordedTransfer(name, blocks, target, log);
  }

  private byte[] bytesOf(int transfer) {
    return FakeDevice.read(buffers.get(transfer));
  }

  private TransferTicket submit(Transfer transfer, TransferPriority priority) {
    return Objects.requireNonNull(stepped.engine.submit(transfer, priority));
  }

  @AfterEach
  void nothingLeaks() {
    stepped.engine.close();
    buffers.forEach(DeviceBuffer::close);
    targets.close();
    staging.close();
  }

  @Test
  void movesEveryBlockOnceInOrderAndReportsCompletion() {
    RecordedTransfer a = transfer("a", 5);
    submit(a, DEMAND);
    stepped.drain(0);
    assertThat(log).containsExactly("a0", "a1", "a2", "a3", "a4", "a completed");
    assertThat(bytesOf(0)).isEqualTo(a.expected());
  }

  @Test
  void aBlockThatHasAPlaceIsReadThereFromItsStartAndNeverCopied() {
    RecordedTransfer a = transfer("a", 3);
    ByteBuffer slot = ByteBuffer.allocateDirect(3 * RecordedTransfer.BLOCK_BYTES);
    a.hook =
        block -> {
          if (block == 1 && log.stream().noneMatch("half a1"::equals)) {
            log.add("half a1");
            throw new IOException("no luck");
          }
        };
    Transfer inPlace =
        new DelegatingTransfer(a) {
          @Override
          public ByteBuffer place(int block) {
            return slot.slice(block * RecordedTransfer.BLOCK_BYTES, RecordedTransfer.BLOCK_BYTES);
          }

          @Override
          public void read(int block, ByteBuffer staging) throws IOException {
            if (block == 1 && !log.contains("half a1")) {
              staging.put((byte) 1);
            }
            super.read(block, staging);
          }
        };
    submit(inPlace, DEMAND);
    stepped.drain(0);

    assertThat(log).containsExactly("a0", "half a1", "a1", "a2", "a completed");
    byte[] found = new byte[slot.capacity()];
    slot.get(found);
    assertThat(found).isEqualTo(a.expected());
    assertThat(bytesOf(0)).as("what copies would have written").containsOnly(0);
    assertThat(stepped.engine.stats().bytesDemand()).isEqualTo(found.length);
  }

  @Test
  void demandsGoBeforePrefetchesThatCameEarlier() {
    submit(transfer("p", 1), PREFETCH);
    submit(transfer("d", 1), DEMAND);
    submit(transfer("e", 1), DEMAND);
    stepped.drain(0);
    assertThat(log).containsExactly("d0", "d completed", "e0", "e completed", "p0", "p completed");
  }

  @Test
  void aReadThatLeavesRoomIsTriedAgainAndThenFailsInsteadOfMovingWhatWasThereBefore() {
    RecordedTransfer a = transfer("a", 2);
    RecordedTransfer b = transfer("b", 1);
    Transfer shortRead =
        new DelegatingTransfer(b) {
          @Override
          public void read(int block, ByteBuffer staging) {
            staging.put((byte) 1);
          }
        };
    submit(a, DEMAND);
    submit(shortRead, DEMAND);
    stepped.drain(0);
    assertThat(log).containsExactly("a0", "a1", "a completed", "b failed");
    assertThat(b.failures.get(0))
        .hasMessage("b: block 0 of 1 could not be read in 3 attempts: 1 of 64 bytes were read");
    assertThat(bytesOf(1)).containsOnly(0);
  }

  @Test
  void aPrefetchGivesWayBetweenTwoBlocksAndResumesWhereItStopped() {
    RecordedTransfer p = transfer("p", 3);
    submit(p, PREFETCH);
    submit(transfer("q", 1), PREFETCH);
    stepped.advance(0);
    submit(transfer("d", 2), DEMAND);
    stepped.drain(0);
    assertThat(log)
        .containsExactly(
            "p0", "d0", "d1", "d completed", "p1", "p2", "p completed", "q0", "q completed");
    assertThat(bytesOf(0)).isEqualTo(p.expected());
  }

  @Test
  void aDemandNeverGivesWay() {
    submit(transfer("d", 2), DEMAND);
    stepped.advance(0);
    submit(transfer("e", 1), DEMAND);
    stepped.drain(0);
    assertThat(log).containsExactly("d0", "d1", "d completed", "e0", "e completed");
  }

  @Test
  void aPrefetchThatGaveWayMayGoOnOnAnotherThreadWithNoByteLost() {
    RecordedTransfer p = transfer("p", 4);
    submit(p, PREFETCH);
    stepped.advance(0);
    stepped.advance(0);
    submit(transfer("d", 1), DEMAND);
    stepped.advance(0); // gives way
    stepped.drain(1);
    assertThat(log).containsExactly("p0", "p1", "d0", "d completed", "p2", "p3", "p completed");
    assertThat(bytesOf(0)).isEqualTo(p.expected());
  }

  @Test
  void aPromotedPrefetchQueuesBehindTheDemandsBeforeIt() {
    TransferTicket p = submit(transfer("p", 1), PREFETCH);
    submit(transfer("q", 1), PREFETCH);
    TransferTicket r = submit(transfer("r", 1), PREFETCH);
    submit(transfer("d", 1), DEMAND);
    assertThat(stepped.engine.promote(r)).isTrue();
    stepped.drain(0);
    assertThat(log)
        .containsExactly(
            "d0", "d completed", "r0", "r completed", "p0", "p completed", "q0", "q completed");
    assertThat(p.started()).isTrue();
  }

  @Test
  void aPrefetchPromotedWhileItMovesGivesWayNoMore() {
    TransferTicket p = submit(transfer("p", 2), PREFETCH);
    stepped.advance(0);
    submit(transfer("d", 1), DEMAND);
    assertThat(stepped.engine.promote(p)).isTrue();
    stepped.drain(0);
    assertThat(log).containsExactly("p0", "p1", "p completed", "d0", "d completed");
  }

  @Test
  void aWaitingTransferCancelsAtOnceAndIsNotReported() {
    TransferTicket p = submit(transfer("p", 1), PREFETCH);
    assertThat(stepped.engine.cancel(p)).isTrue();
    stepped.drain(0);
    assertThat(log).isEmpty();
    assertThat(stepped.engine.promote(p)).isFalse();
  }

  @Test
  void aMovingTransferStopsAfterTheBlockInHandAndReports() {
    TransferTicket p = submit(transfer("p", 3), PREFETCH);
    stepped.advance(0);
    assertThat(stepped.engine.cancel(p)).isFalse();
    stepped.drain(0);
    assertThat(log).containsExactly("p0", "p cancelled");
    assertThat(stepped.engine.promote(p)).isFalse();
  }

  @Test
  void aStopIsReportedOnlyAfterTheCopiesInHand() {
    RecordedTransfer t = transfer("p", 3);
    TransferTicket p = submit(t, PREFETCH);
    stepped.advance(0);
    assertThat(bytesOf(0)).containsOnly(0);
    stepped.engine.cancel(p);
    stepped.drain(0);
    assertThat(bytesOf(0)).startsWith(Arrays.copyOf(t.expected(), RecordedTransfer.BLOCK_BYTES));
  }

  @Test
  void promotionTakesBackACancellationThatHasNotTakenEffect() {
    RecordedTransfer t = transfer("p", 3);
    TransferTicket p = submit(t, PREFETCH);
    stepped.advance(0);
    stepped.engine.cancel(p);
    assertThat(stepped.engine.promote(p)).isTrue();
    stepped.drain(0);
    assertThat(log).containsExactly("p0", "p1", "p2", "p completed");
    assertThat(bytesOf(0)).isEqualTo(t.expected());
  }

  @Test
  void aFullQueueRefuses() {
    for (int i = 0; i < 4; i++) {
      submit(transfer("t" + i, 1), PREFETCH);
    }
    assertThat(stepped.engine.submit(transfer("u", 1), DEMAND)).isNull();
    stepped.drain(0);
    assertThat(stepped.engine.submit(transfer("v", 1), DEMAND)).isNotNull();
  }

  @Test
  void aReadThatFailsIsTriedAgainWithAPause() {
    RecordedTransfer a = transfer("a", 2);
    int[] failuresLeft = {2};
    a.hook =
        block -> {
          if (block == 1 && failuresLeft[0]-- > 0) {
            throw new IOException("flaky");
          }
        };
    submit(a, DEMAND);
    long before = stepped.ticker.nanoTime();
    stepped.drain(0);
    assertThat(log).containsExactly("a0", "a1", "a completed");
    assertThat(bytesOf(0)).isEqualTo(a.expected());
    assertThat(stepped.engine.stats().retries()).isEqualTo(2);
    assertThat(stepped.ticker.nanoTime()).isGreaterThan(before);
  }

  @Test
  void aReadThatKeepsFailingFailsTheTransferWithItsNameAndTheEngineGoesOn() {
    RecordedTransfer a = transfer("a", 2);
    a.hook =
        block -> {
          throw new IOException("disk on fire");
        };
    submit(a, DEMAND);
    submit(transfer("b", 1), DEMAND);
    stepped.drain(0);
    assertThat(log).containsExactly("a failed", "b0", "b completed");
    assertThat(a.failures.get(0))
        .hasMessage("a: block 0 of 2 could not be read in 3 attempts: disk on fire")
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void anythingElseThatIsThrownFailsTheTransferAtOnce() {
    RecordedTransfer a = transfer("a", 1);
    IllegalStateException bug = new IllegalStateException("bug");
    a.hook =
        block -> {
          throw bug;
        };
    submit(a, DEMAND);
    stepped.drain(0);
    assertThat(log).containsExactly("a failed");
    assertThat(a.failures).containsExactly(bug);
    assertThat(stepped.engine.stats().retries()).isZero();
  }

  @Test
  void aBlockLargerThanStagingIsRefused() {
    TransferConfig config = new TransferConfig(1, 0, Duration.ofSeconds(5), 1);
    stepped.engine.close();
    stepped = new SteppedEngine(device, staging, 1, 4, config);
    RecordedTransfer a = transfer("a", 1);
    Transfer large =
        new DelegatingTransfer(a) {
          @Override
          public int blockBytes(int block) {
            return 1 << 14;
          }
        };
    submit(large, DEMAND);
    stepped.drain(0);
    assertThat(a.failures.get(0)).hasMessageContaining("16384 bytes, staging holds 4096");
  }

  @Test
  void aCopyThatFailsAfterItsTransferWasCompletedFailsTheNextOne() {
    IllegalStateException lost = new IllegalStateException("the device is lost");
    boolean[] broken = {true};
    reopenOn(BrokenDevice.whoseCopiesFail(() -> broken[0] ? lost : null));
    submit(transfer("a", 1), DEMAND);
    stepped.drain(0);
    assertThat(log).containsExactly("a0", "a completed");
    assertThat(stepped.engine.describe()).contains("a copy that failed: the device is lost");
    RecordedTransfer b = transfer("b", 2);
    submit(b, DEMAND);
    stepped.drain(0);
    assertThat(b.failures).containsExactly(lost);
    broken[0] = false;
  }

  @Test
  void aTransferWhoseEndCannotBeRecordedFailsAndTheWorkerGoesOn() {
    IllegalStateException lost = new IllegalStateException("the device is lost");
    boolean[] broken = {false};
    reopenOn(BrokenDevice.thatRecordsNothing(() -> broken[0] ? lost : null));
    RecordedTransfer a = transfer("a", 1);
    Transfer inPlace =
        new DelegatingTransfer(a) {
          @Override
          public ByteBuffer place(int block) {
            broken[0] = true;
            return ByteBuffer.allocate(RecordedTransfer.BLOCK_BYTES);
          }
        };
    submit(inPlace, DEMAND);
    stepped.drain(0);
    assertThat(a.failures).containsExactly(lost);
    assertThat(log).containsExactly("a0", "a failed");
    broken[0] = false;
    submit(transfer("b", 1), DEMAND);
    stepped.drain(0);
    assertThat(log).endsWith("b completed");
  }

  @Test
  void pacingLetsNoMoreThroughThanTheRate() {
    reopen(new TransferConfig(2, 6400, Duration.ofSeconds(5), 3));
    submit(transfer("a", 10), DEMAND);
    submit(transfer("b", 10), PREFETCH);
    long before = stepped.ticker.nanoTime();
    for (int i = 0; i < 20; i++) {
      stepped.advance(i % 2);
    }
    assertThat(log).contains("a completed", "b completed");
    assertThat(stepped.ticker.nanoTime() - before).isEqualTo(200_000_000L);
    stepped.advanceAll();
    assertThat(stepped.engine.stats().bytesPrefetch()).isEqualTo(10 * RecordedTransfer.BLOCK_BYTES);
    assertThat(stepped.engine.stats().busyNanos()).isEqualTo(200_000_000L);
    assertThat(stepped.engine.stats().bytesPerSecond())
        .as("copies count when they are known to be done, the last ones all at once")
        .isBetween(6300.0, 6900.0);
  }

  @Test
  void anIdleLinkGrantsNoCredit() {
    reopen(new TransferConfig(1, 6400, Duration.ofSeconds(5), 3));
    submit(transfer("a", 1), DEMAND);
    stepped.drain(0);
    stepped.ticker.advance(60_000_000_000L);
    long before = stepped.ticker.nanoTime();
    submit(transfer("b", 3), DEMAND);
    stepped.drain(0);
    assertThat(stepped.ticker.nanoTime() - before).isEqualTo(30_000_000L);
  }

  @Test
  void movedBytesAreCountedByThePriorityTheyHadWhenMoved() {
    TransferTicket p = submit(transfer("p", 4), PREFETCH);
    stepped.advance(0);
    stepped.engine.promote(p);
    stepped.drain(0);
    TransferStats stats = stepped.engine.stats();
    assertThat(stats.bytesPrefetch()).isEqualTo(64);
    assertThat(stats.bytesDemand()).isEqualTo(3 * 64);
  }

  @Test
  void describesWhatEveryThreadIsDoing() {
    RecordedTransfer a = transfer("a", 2);
    List<String> descriptions = new ArrayList<>();
    a.hook = block -> descriptions.add(stepped.engine.describe());
    submit(a, DEMAND);
    submit(transfer("p", 1), PREFETCH);
    stepped.advance(0);
    assertThat(descriptions)
        .containsExactly(
            "drey-io-0: reading, demand a, block 0 of 2, for 0 ms; drey-io-1: idle for 0 ms; "
                + "0 demands and 1 prefetches queued");
  }

  @Test
  void closingCancelsWhatWaitsAndWhatMoves() {
    submit(transfer("p", 3), PREFETCH);
    submit(transfer("q", 3), PREFETCH);
    stepped.advance(0);
    stepped.engine.close();
    assertThat(log).containsExactlyInAnyOrder("p0", "q cancelled", "p cancelled");
    assertThat(stepped.engine.submit(transfer("r", 1), DEMAND)).isNull();
    stepped.engine.close();
    assertThat(staging.usedBytes()).isZero();
  }

  @Test
  void stagingIsWhatWasAnnounced() {
    TransferConfig config = new TransferConfig(2, 0, Duration.ofSeconds(5), 3);
    assertThat(staging.usedBytes())
        .isEqualTo(TransferEngine.stagingBytes(config, RecordedTransfer.BLOCK_BYTES));
  }
}
