package dev.drey.runtime.residency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.expertstore.RowSource;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.trace.TraceSink;
import dev.drey.runtime.transfer.FakeDevice;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The window with its own I/O threads, a real file, and a second thread that predicts. */
@Timeout(60)
class ResidencyStressTest {
  private static final int LAYERS = 4;
  private static final int EXPERTS = 16;
  private static final int STEPS = 60;

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 9, 24, 64})
  void everyExpertArrivesOnceWithItsOwnBytes(int slots, @TempDir Path directory) throws Exception {
    MemoryBudget budget = MemoryBudget.root("test", 1 << 24);
    TransferConfig config = new TransferConfig(3, 0, Duration.ofSeconds(30), 1);
    AtomicLong position = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    try (FileSource source = new FileSource(directory.resolve("experts"));
        ResidencyWindow window =
            ResidencyWindow.open(
                new FakeDevice(true),
                source,
                FakeExpertSource.SHAPE,
                slots,
                budget,
                budget,
                new LruPolicy(CacheShape.of(LAYERS, EXPERTS, slots)),
                config,
                TraceSink.NONE)) {
      Thread predictor = new Thread(() -> predict(window, position, done));
      predictor.start();
      try {
        run(window, position, new Random(slots));
      } finally {
        done.set(true);
        predictor.join();
      }
      window.checkConservation();
      ResidencyStats stats = window.stats();
      assertThat(stats.hits() + stats.lateHits() + stats.misses()).isEqualTo(demanded);
      assertThat(stats.free() + stats.resident() + stats.inFlight()).isEqualTo(slots);
    }
    budget.close();
  }

  private long demanded;

  private void run(ResidencyWindow window, AtomicLong position, Random random) {
    for (int step = 0; step < STEPS; step++) {
      for (int layer = 0; layer < LAYERS; layer++) {
        window.now(step, layer);
        position.set((long) step * LAYERS + layer);
        int[] experts =
            random.ints(0, EXPERTS).limit(1 + random.nextInt(30)).sorted().distinct().toArray();
        try (LayerDemand demand =
            window.demand(step, layer, experts, new int[experts.length], experts.length)) {
          demanded += experts.length;
          int received = 0;
          boolean together = random.nextInt(4) == 0;
          int giveUpAfter = random.nextInt(20) == 0 ? random.nextInt(experts.length) : EXPERTS;
          while (received < giveUpAfter) {
            List<ExpertLease> batch =
                together ? demand.nextTogether() : demand.nextReady(1 + random.nextInt(4));
            if (batch.isEmpty()) {
              assertThat(received).isEqualTo(experts.length);
              break;
            }
            received += batch.size();
            use(batch, layer);
          }
        }
        window.checkConservation();
      }
    }
  }

  private static void use(List<ExpertLease> batch, int layer) {
    for (ExpertLease lease : batch) {
      assertThat(lease.id().layer()).isEqualTo(layer);
      lease.arrival().await();
      assertThat(FakeExpertSource.holds(lease.expert(), lease.id())).as("%s", lease).isTrue();
      lease.release(DeviceEvent.REACHED);
    }
  }

  private static void predict(ResidencyWindow window, AtomicLong position, AtomicBoolean done) {
    Random random = new Random(7);
    while (!done.get()) {
      long target = position.get() + 1 + random.nextInt(2);
      int layer = (int) (target % LAYERS);
      window.offer(WindowRig.prediction(target / LAYERS, layer, random.nextInt(EXPERTS)));
      if (random.nextInt(16) == 0) {
        window.stats();
      }
      Thread.onSpinWait();
    }
  }

  /** Experts one behind the other in a file. */
  private static final class FileSource implements RowSource {
    private static final int PART_BYTES =
        FakeExpertSource.SHAPE.hidden()
            * FakeExpertSource.SHAPE.intermediate()
            * DType.BF16.bytes();
    private final FileChannel file;

    FileSource(Path path) throws IOException {
      file =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      for (int layer = 0; layer < LAYERS; layer++) {
        for (int index = 0; index < EXPERTS; index++) {
          append(new ExpertId(layer, index));
        }
      }
    }

    private void append(ExpertId expert) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(3 * PART_BYTES);
      for (NetworkPart part : NetworkPart.values()) {
        for (int i = 0; i < PART_BYTES; i++) {
          bytes.put(FakeExpertSource.byteAt(expert, part, i));
        }
      }
      bytes.flip();
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    }

    @Override
    public int layers() {
      return LAYERS;
    }

    @Override
    public int experts() {
      return EXPERTS;
    }

    @Override
    public DType type() {
      return DType.BF16;
    }

    @Override
    public void readRows(
        ExpertId expert, NetworkPart part, int firstOutputRow, int rows, ByteBuffer target)
        throws IOException {
      long before = (long) expert.layer() * EXPERTS + expert.index();
      long at =
          (before * 3 + FakeExpertSource.place(part)) * PART_BYTES
              + (long) firstOutputRow * FakeExpertSource.rowBytes(part);
      while (target.hasRemaining()) {
        int read = file.read(target, at);
        if (read < 0) {
          throw new EOFException(expert.toString());
        }
        at += read;
      }
    }

    @Override
    public void close() {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
