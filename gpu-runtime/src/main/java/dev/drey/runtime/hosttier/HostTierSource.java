package dev.drey.runtime.hosttier;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.expertstore.ExpertFetch;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.model.ExpertId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One engine's source of experts with the host tier of the process before it. */
public final class HostTierSource implements ExpertSource {
  private final HostTier tier;
  private final ExpertSource storage;
  private final AtomicLong hits = new AtomicLong();
  private final AtomicLong misses = new AtomicLong();
  private final AtomicLong bytesFromHost = new AtomicLong();
  private final AtomicLong bytesFromStorage = new AtomicLong();

  HostTierSource(HostTier tier, ExpertSource storage) {
    this.tier = tier;
    this.storage = storage;
  }

  /** What has come from where so far. */
  public HostTierStats stats() {
    return new HostTierStats(
        hits.get(),
        misses.get(),
        bytesFromHost.get(),
        bytesFromStorage.get(),
        tier.slots(),
        tier.resident(),
        tier.budget().limitBytes());
  }

  @Override
  public int layers() {
    return storage.layers();
  }

  @Override
  public int experts() {
    return storage.experts();
  }

  @Override
  public ExpertBlocks blocks(ExpertLayout layout) {
    ExpertBlocks below = storage.blocks(layout);
    if (!tier.layout().fits(below)) {
      throw new IllegalArgumentException(
          "the host tier was laid out for experts in other blocks than these %d of together %d bytes"
              .formatted(below.count(), below.totalBytes()));
    }
    return new Blocks(below);
  }

  /** The blocks of the storage below; only a fetch knows of the tier. */
  private final class Blocks implements ExpertBlocks {
    private final ExpertBlocks below;

    Blocks(ExpertBlocks below) {
      this.below = below;
    }

    @Override
    public int count() {
      return below.count();
    }

    @Override
    public int bytes(int block) {
      return below.bytes(block);
    }

    @Override
    public void read(ExpertId expert, int block, ByteBuffer staging) throws IOException {
      below.read(expert, block, staging);
    }

    @Override
    public void copy(int block, HostBuffer staging, int offset, CopyStream stream, Expert target) {
      below.copy(block, staging, offset, stream, target);
    }

    @Override
    public ExpertFetch fetch(ExpertId expert) {
      HostSlot slot = tier.enter(tier.number(expert.layer(), expert.index()));
      boolean hit = slot != null && slot.full;
      (hit ? hits : misses).incrementAndGet();
      return new Fetch(below, expert, slot, hit);
    }
  }

  private final class Fetch implements ExpertFetch {
    private final ExpertBlocks below;
    private final ExpertId expert;
    private final @Nullable HostSlot slot;
    private final boolean hit;

    Fetch(ExpertBlocks below, ExpertId expert, @Nullable HostSlot slot, boolean hit) {
      this.below = below;
      this.expert = expert;
      this.slot = slot;
      this.hit = hit;
    }

    @Override
    public void read(int block, ByteBuffer staging) throws IOException {
      if (hit) {
        staging.position(staging.limit());
        bytesFromHost.addAndGet(below.bytes(block));
        return;
      }
      if (slot == null) {
        below.read(expert, block, staging);
      } else {
        ByteBuffer place = slot.view(tier.layout().offset(block), below.bytes(block));
        below.read(expert, block, place);
        staging.position(staging.limit() - place.remaining());
      }
      if (!staging.hasRemaining()) {
        bytesFromStorage.addAndGet(below.bytes(block));
        if (slot != null && block == below.count() - 1) {
          tier.filled(slot);
        }
      }
    }

    @Override
    public void copy(int block, HostBuffer staging, int offset, CopyStream stream, Expert target) {
      if (slot == null) {
        below.copy(block, staging, offset, stream, target);
      } else {
        int from = slot.offset + tier.layout().offset(block);
        below.copy(block, slot.slab, from, stream, target);
      }
    }

    @Override
    public void end(DeviceEvent copied) {
      if (slot != null) {
        tier.leave(slot, copied);
      }
    }
  }
}
