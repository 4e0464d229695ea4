package dev.drey.runtime.transfer;

import static dev.drey.runtime.transfer.TransferPriority.DEMAND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemoryBudgetExceededException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The engine with its own threads. */
@Timeout(30)
class TransferThreadsTest {
  private static final Duration PATIENT = Duration.ofSeconds(20);

  private final MemoryBudget budget = MemoryBudget.root("test", 1 << 20);
  private final FakeDevice device = new FakeDevice(false);
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  private TransferEngine open(int threads, Duration deadline) {
    TransferConfig config = new TransferConfig(threads, 0, deadline, 1);
    return TransferEngine.open(device, budget, RecordedTransfer.BLOCK_BYTES, 8, config);
  }

  private RecordedTransfer transfer(String name, int blocks) {
    DeviceBuffer target = device.allocate(budget, (long) blocks * RecordedTransfer.BLOCK_BYTES);
    buffers.add(target);
    return new RecordedTransfer(name, blocks, target, log);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterEach
  void nothingLeaks() {
    buffers.forEach(DeviceBuffer::close);
    budget.close();
  }

  @Test
  void ioThreadsAreNamedDaemonsThatDoNotHoldTheCallersClassLoader() throws Exception {
    BlockingQueue<Thread> ran = new LinkedBlockingQueue<>();
    Thread io;
    RecordedTransfer a = transfer("a", 1);
    a.hook = block -> ran.add(Thread.currentThread());
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader callers = new URLClassLoader(new URL[0], before)) {
      Thread.currentThread().setContextClassLoader(callers);
      try (TransferEngine engine = open(1, PATIENT)) {
        assertThat(engine.submit(a, DEMAND)).isNotNull();
        io = ran.take();
      }
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
    assertThat(io.getName()).isEqualTo("drey-io-0");
    assertThat(io.isDaemon()).isTrue();
    assertThat(io.getContextClassLoader()).isSameAs(TransferEngine.class.getClassLoader());
    assertThat(io.isAlive()).isFalse();
  }

  @Test
  void closingWaitsForTheBlockInHandEvenIfInterrupted() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    RecordedTransfer a = transfer("a", 3);
    a.hook =
        block -> {
          reading.countDown();
          awaitUninterruptibly(goOn);
        };
    Transfer goesOnOnceClosing =
        new DelegatingTransfer(transfer("b", 1)) {
          @Override
          public void cancelled() {
            super.cancelled();
            goOn.countDown();
          }
        };
    TransferEngine engine = open(1, PATIENT);
    assertThat(engine.submit(a, DEMAND)).isNotNull();
    assertThat(engine.submit(goesOnOnceClosing, DEMAND)).isNotNull();
    reading.await();
    Thread closer = new Thread(engine::close);
    closer.start();
    closer.interrupt();
    closer.join();
    assertThat(log).containsExactly("b cancelled", "a0", "a cancelled");
    assertThat(budget.usedBytes()).isEqualTo(4 * 64);
  }

  @Test
  void aThreadThatHangsIsReportedAndKeepsItsStagingUntilItEnds() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    BlockingQueue<Thread> ran = new LinkedBlockingQueue<>();
    RecordedTransfer a = transfer("a", 1);
    a.hook =
        block -> {
          ran.add(Thread.currentThread());
          awaitUninterruptibly(goOn);
        };
    TransferEngine engine = open(1, Duration.ofMillis(1));
    assertThat(engine.submit(a, DEMAND)).isNotNull();
    Thread io = ran.take();
    assertThatThrownBy(engine::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("still busy")
        .hasMessageContaining("drey-io-0: reading, demand a, block 0 of 1");
    assertThat(budget.usedBytes()).isEqualTo(64 + 2 * 4096);
    goOn.countDown();
    io.join();
    assertThat(budget.usedBytes()).isEqualTo(64);
  }

  @Test
  void closingWakesAThreadThatPaces() throws Exception {
    TransferConfig slow = new TransferConfig(1, 1, PATIENT, 1);
    TransferEngine engine =
        TransferEngine.open(device, budget, RecordedTransfer.BLOCK_BYTES, 8, slow);
    CountDownLatch read = new CountDownLatch(1);
    RecordedTransfer a = transfer("a", 2);
    a.hook = block -> read.countDown();
    assertThat(engine.submit(a, DEMAND)).isNotNull();
    read.await();
    engine.close();
    assertThat(log).containsExactly("a0", "a cancelled");
  }

  @Test
  void anEngineThatCannotBeOpenedLeavesNothingBehind() {
    MemoryBudget small = budget.child("small", 3 * 4096);
    TransferConfig config = new TransferConfig(2, 0, PATIENT, 1);
    assertThatThrownBy(() -> TransferEngine.open(device, small, 64, 8, config))
        .isInstanceOf(MemoryBudgetExceededException.class);
    small.close();
  }

  @Test
  void settingsThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> new TransferConfig(0, 0, PATIENT, 1))
        .hasMessage("transfer settings: threads must be at least 1, found 0");
    assertThatThrownBy(() -> new TransferConfig(1, -1, PATIENT, 1))
        .hasMessageContaining("maxBytesPerSecond");
    assertThatThrownBy(() -> new TransferConfig(1, 0, Duration.ZERO, 1))
        .hasMessageContaining("deadline");
    assertThatThrownBy(() -> new TransferConfig(1, 0, PATIENT, 0)).hasMessageContaining("attempts");
  }
}
