package dev.drey.runtime.probe;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Measures how fast experts come in: as large reads alone (the link), with the device's packing
 * behind (what a transfer can reach on idle cores), and out of host memory without a read. Experts
 * come in a random order, each whole.
 */
final class LinkProbe implements AutoCloseable {
  private static final int WINDOWS = 2;
  private static final long WINDOW_NANOS = 150_000_000;

  private final ExpertLayout layout;
  private final ExpertBlocks blocks;
  private final List<ExpertId> order = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicLong read = new AtomicLong();
  private final ThreadMXBean threadTimes = ManagementFactory.getThreadMXBean();
  private final List<Lane> lanes = new ArrayList<>();

  /** What one thread reads into; the slot also as the host sees it, if it does. */
  private record Lane(
      HostBuffer staging, DeviceBuffer slot, @Nullable ByteBuffer hostView, CopyStream copies) {}

  LinkProbe(
      ModelConfig model, ExpertSource experts, Device device, MemoryBudget budget, int threads) {
    this.layout = device.expertLayout(model.expertShape());
    this.blocks = experts.blocks(layout);
    for (int layer = 0; layer < model.layers(); layer++) {
      for (int index = 0; model.isMoe(layer) && index < model.moe().experts(); index++) {
        order.add(new ExpertId(layer, index));
      }
    }
    Collections.shuffle(order, new Random(1));
    try {
      for (int i = 0; i < threads; i++) {
        HostBuffer staging = device.allocateHost(budget, blocks.largest());
        DeviceBuffer slot = device.allocate(budget, layout.bytes());
        ByteBuffer hostView = device.hostView(slot).orElse(null);
        lanes.add(new Lane(staging, slot, hostView, device.newCopyStream(budget)));
      }
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
  }

  /**
   * How fast it went.
   *
   * @param bytesPerSecond of all threads together
   * @param cores processors that they kept busy
   */
  record Rate(double bytesPerSecond, double cores) {}

  /** Reads alone, the best of a few short windows. */
  Rate read() {
    return measure(this::readWhole, true);
  }

  /** Brings experts into slots as an engine does: in place, or packed or copied there. */
  Rate load() {
    return measure(this::load, true);
  }

  /** Copies to the device alone, of whatever staging memory holds. */
  Rate copy() {
    return measure(this::copyWhole, false);
  }

  /** Bytes read so far. */
  long readBytes() {
    return read.get();
  }

  private interface Move {
    /** Moves one expert and returns its bytes. */
    long move(ExpertId expert, Lane lane) throws IOException;
  }

  private Rate measure(Move move, boolean reads) {
    try (Workers workers = new Workers(lanes.size())) {
      Rate best = new Rate(0, 0);
      for (int window = 0; window < WINDOWS; window++) {
        AtomicLong moved = new AtomicLong();
        AtomicLong busy = new AtomicLong();
        long end = System.nanoTime() + WINDOW_NANOS;
        long took =
            workers.nanos(
                worker -> {
                  long before = threadTimes.getCurrentThreadCpuTime();
                  do {
                    int expert = Math.floorMod(next.getAndIncrement(), order.size());
                    moved.addAndGet(move.move(order.get(expert), lanes.get(worker)));
                  } while (System.nanoTime() - end < 0);
                  busy.addAndGet(threadTimes.getCurrentThreadCpuTime() - before);
                });
        read.addAndGet(reads ? moved.get() : 0);
        double rate = moved.get() * 1e9 / took;
        if (rate > best.bytesPerSecond()) {
          best = new Rate(rate, (double) busy.get() / took);
        }
      }
      return best;
    }
  }

  private long readWhole(ExpertId expert, Lane lane) throws IOException {
    for (int block = 0; block < blocks.count(); block++) {
      read(expert, block, lane);
    }
    return blocks.totalBytes();
  }

  private long load(ExpertId expert, Lane lane) throws IOException {
    Expert target = new Expert(layout, lane.slot());
    for (int block = 0; block < blocks.count(); block++) {
      ByteBuffer hostView = lane.hostView();
      long place = blocks.place(block);
      if (hostView != null && place >= 0) {
        blocks.read(expert, block, hostView.slice((int) place, blocks.bytes(block)));
      } else {
        read(expert, block, lane);
        blocks.copy(block, lane.staging(), 0, lane.copies(), target);
        lane.copies().record().await();
      }
    }
    return blocks.totalBytes();
  }

  private long copyWhole(ExpertId expert, Lane lane) {
    Expert target = new Expert(layout, lane.slot());
    for (int block = 0; block < blocks.count(); block++) {
      blocks.copy(block, lane.staging(), 0, lane.copies(), target);
    }
    lane.copies().record().await();
    return blocks.totalBytes();
  }

  private void read(ExpertId expert, int block, Lane lane) throws IOException {
    ByteBuffer staging = lane.staging().bytes();
    staging.limit(blocks.bytes(block));
    blocks.read(expert, block, staging);
  }

  @Override
  public void close() {
    for (Lane lane : lanes) {
      lane.copies().close();
      lane.slot().close();
      lane.staging().close();
    }
  }
}
