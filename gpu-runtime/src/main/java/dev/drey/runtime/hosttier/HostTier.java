package dev.drey.runtime.hosttier;

import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.HostMemory;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.memory.MemoryBudget;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Experts in host memory, filled from storage when they are first fetched and from then on copied
 * to devices without being read again.
 *
 * <p><b>Ownership.</b> The tier owns its slots, equal pieces of slabs of about 1 GiB, all allocated
 * when it is opened under a budget of its own, and the hold on the memory they came from. The
 * engines of a process share it ({@link HostTiers}); each puts it {@linkplain #before before} its
 * own source of experts.
 *
 * <p><b>Who stays.</b> While there is room everybody. Then the expert in hand takes the slot of the
 * one fetched least often, if it has been fetched more often itself; else it passes by through
 * staging memory. What windows hold is not fetched, so its count falls behind. Admission by
 * frequency keeps cyclic access, which decoding is, from flushing the tier: Einziger, Friedman,
 * Manes, "TinyLFU: A Highly Efficient Cache Admission Policy" (2017), with exact counts instead of
 * a sketch.
 *
 * <p><b>States of a slot.</b> Free; being filled by one fetch; full. A fetch that finds the expert
 * being filled reads it from storage itself: it never waits for another fetch. A fetch that breaks
 * off before the last block frees the slot. A full slot is given to another expert only when no
 * fetch reads it and the copies of those that did are done.
 *
 * <p><b>Threading.</b> Any thread.
 *
 * <p><b>Locking.</b> One lock around the books, never held during I/O or while a copy is issued.
 * Under it events are asked, never waited for.
 */
public final class HostTier implements AutoCloseable {
  private final HostLayout layout;
  private final HostMemory memory;
  private final MemoryBudget budget;
  private final int experts;
  private final List<HostBuffer> slabs = new ArrayList<>();
  private final List<HostSlot> slots = new ArrayList<>();
  private final @Nullable HostSlot[] byExpert;
  private final FetchCounts counts;
  private int resident;
  private boolean closed;

  private HostTier(HostTierPlan plan, HostMemory memory) {
    this.layout = plan.layout();
    this.memory = memory;
    this.budget = MemoryBudget.root("host", plan.bytes());
    this.experts = plan.experts();
    this.byExpert = new HostSlot[plan.layers() * experts];
    this.counts = new FetchCounts(byExpert.length);
  }

  /**
   * Allocates all slots.
   *
   * @param memory closed with the tier, also if this fails
   */
  public static HostTier open(HostTierPlan plan, HostMemory memory) {
    HostTier tier = new HostTier(plan, memory);
    try {
      tier.allocate(plan.slots());
      return tier;
    } catch (RuntimeException | Error failure) {
      try {
        tier.close();
      } catch (RuntimeException problem) {
        failure.addSuppressed(problem);
      }
      throw failure;
    }
  }

  private void allocate(int count) {
    int slotBytes = Math.toIntExact(layout.slotBytes());
    while (slots.size() < count) {
      int more = Math.min(layout.slotsPerSlab(), count - slots.size());
      HostBuffer slab = memory.allocateHost(budget, Math.multiplyExact(more, slotBytes));
      slabs.add(slab);
      for (int i = 0; i < more; i++) {
        slots.add(new HostSlot(slab, i * slotBytes));
      }
    }
  }

  /**
   * A source whose experts come from here where they are here.
   *
   * @param source gives the same bytes as every other that the tier was put before; must stay open
   */
  public HostTierSource before(ExpertSource source) {
    return new HostTierSource(this, source);
  }

  HostLayout layout() {
    return layout;
  }

  int number(int layer, int index) {
    return layer * experts + index;
  }

  /**
   * A slot to fetch an expert from ({@link HostSlot#full}), or to fill on the way; null if the
   * expert passes by. To be given back by {@link #leave}.
   */
  synchronized @Nullable HostSlot enter(int expert) {
    if (closed) {
      throw new IllegalStateException("the host tier is used after close");
    }
    counts.fetched(expert);
    HostSlot slot = byExpert[expert];
    if (slot == null) {
      slot = room(expert);
      if (slot == null) {
        return null;
      }
      slot.expert = expert;
      byExpert[expert] = slot;
    } else if (!slot.full) {
      return null;
    }
    slot.users++;
    return slot;
  }

  private @Nullable HostSlot room(int expert) {
    HostSlot rarest = null;
    for (HostSlot slot : slots) {
      if (slot.expert == HostSlot.NOBODY) {
        if (slot.isIdle()) {
          return slot;
        }
      } else if (slot.full
          && (rarest == null || counts.of(slot.expert) < counts.of(rarest.expert))
          && slot.isIdle()) {
        rarest = slot;
      }
    }
    if (rarest == null || counts.of(rarest.expert) >= counts.of(expert)) {
      return null;
    }
    empty(rarest);
    return rarest;
  }

  private void empty(HostSlot slot) {
    byExpert[slot.expert] = null;
    slot.expert = HostSlot.NOBODY;
    resident -= slot.full ? 1 : 0;
    slot.full = false;
  }

  /** The last block of the expert has been read into its slot. */
  synchronized void filled(HostSlot slot) {
    slot.full = true;
    resident++;
  }

  /** A fetch has ended. */
  synchronized void leave(HostSlot slot, DeviceEvent copied) {
    slot.left(copied);
    if (!slot.full) {
      empty(slot);
    }
  }

  /** Experts it has room for. */
  public int slots() {
    return slots.size();
  }

  /** Experts in it now. */
  public synchronized int resident() {
    return resident;
  }

  /** Its hard limit and what of it is reserved. */
  public MemoryBudget budget() {
    return budget;
  }

  /**
   * Frees the memory. Closing twice is harmless.
   *
   * @throws IllegalStateException if a fetch has not ended; nothing is then freed
   */
  @Override
  public void close() {
    synchronized (this) {
      long used = slots.stream().filter(slot -> slot.users > 0).count();
      if (used > 0) {
        throw new IllegalStateException(
            "the host tier is closed while %d of %d slots are in use; close the engines first"
                .formatted(used, slots.size()));
      }
      if (closed) {
        return;
      }
      closed = true;
    }
    slabs.forEach(HostBuffer::close);
    budget.close();
    memory.close();
  }
}
