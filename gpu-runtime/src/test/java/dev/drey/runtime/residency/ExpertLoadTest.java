package dev.drey.runtime.residency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.transfer.FakeDevice;
import dev.drey.runtime.transfer.TransferPriority;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExpertLoadTest {
  private static final ExpertId EXPERT = new ExpertId(1, 2);

  private final List<String> log = new ArrayList<>();
  private final MemoryBudget budget = MemoryBudget.root("test", 1 << 16);
  private final FakeDevice device = new FakeDevice(true);
  private final ExpertLayout layout = device.expertLayout(FakeExpertSource.SHAPE);
  private final DeviceBuffer memory = device.allocate(budget, layout.bytes());

  /** Two blocks, the second of which has to be copied. */
  private final class Blocks implements ExpertBlocks {
    @Override
    public int count() {
      return 2;
    }

    @Override
    public int bytes(int block) {
      return 16;
    }

    @Override
    public long place(int block) {
      return block == 0 ? 32 : -1;
    }

    @Override
    public void read(ExpertId expert, int block, ByteBuffer staging) throws IOException {
      log.add("read " + block);
      while (staging.hasRemaining()) {
        staging.put((byte) 7);
      }
    }

    @Override
    public void copy(int block, HostBuffer staging, int offset, CopyStream stream, Expert target) {
      log.add("copy " + block);
    }
  }

  private final class Log implements ExpertLoad.Listener {
    @Override
    public void drained(ExpertLoad load) {
      log.add("drained");
    }

    @Override
    public void loaded(ExpertLoad load, DeviceEvent arrival) {
      log.add("loaded");
    }

    @Override
    public void stopped(ExpertLoad load) {
      log.add("stopped");
    }

    @Override
    public void failed(ExpertLoad load, Throwable cause) {
      log.add("failed");
    }
  }

  private ExpertLoad load(@Nullable ByteBuffer hostView) {
    Slot slot = new Slot(0, memory, layout, hostView);
    slot.lastUse = new ManualEvent(() -> log.add("waited for the last use"));
    return new ExpertLoad(slot, EXPERT, TransferPriority.DEMAND, 0, new Blocks(), new Log());
  }

  @AfterEach
  void nothingLeaks() {
    memory.close();
    budget.close();
  }

  @Test
  void aBlockIsReadIntoItsSlotOnceTheExpertInThereIsNotUsedAnyMore() throws IOException {
    ByteBuffer view = ByteBuffer.allocate(64);
    ExpertLoad load = load(view);

    ByteBuffer place = Objects.requireNonNull(load.place(0));
    assertThat(log).containsExactly("waited for the last use");
    load.read(0, place);

    assertThat(place.hasRemaining()).isFalse();
    for (int at = 0; at < view.capacity(); at++) {
      assertThat(view.get(at)).as("byte %d", at).isEqualTo((byte) (at >= 32 && at < 48 ? 7 : 0));
    }
    assertThat(load.movedBytes()).isEqualTo(16);
  }

  @Test
  void aBlockThatHasToBeCopiedHasNoPlaceAndNeitherHasOneTheHostCannotWrite() {
    assertThat(load(ByteBuffer.allocate(64)).place(1)).isNull();
    assertThat(load(null).place(0)).isNull();
    assertThat(log).as("nothing is waited for before it is read").isEmpty();
  }
}
