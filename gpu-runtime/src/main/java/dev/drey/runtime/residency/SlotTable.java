package dev.drey.runtime.residency;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.transfer.TransferPriority;
import java.nio.ByteBuffer;
import java.util.AbstractCollection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * All slots, which expert is where, and how many slots are in which state. Owns the device memory.
 * Guarded by the window's lock.
 */
final class SlotTable {
  private final List<Slot> slots = new ArrayList<>();
  private final ArrayDeque<Slot> free = new ArrayDeque<>();
  private final Map<SlotState, Integer> count = new EnumMap<>(SlotState.class);
  private final int layers;
  private final int experts;
  private int ahead;
  private final ExpertId[] ids;
  private final @Nullable Slot[] byExpert;

  private SlotTable(int layers, int experts) {
    this.layers = layers;
    this.experts = experts;
    this.ids =
        IntStream.range(0, layers * experts)
            .mapToObj(i -> new ExpertId(i / experts, i % experts))
            .toArray(ExpertId[]::new);
    this.byExpert = new Slot[layers * experts];
  }

  static SlotTable allocate(
      Device device, ExpertLayout layout, int slots, MemoryBudget budget, int layers, int experts) {
    SlotTable table = new SlotTable(layers, experts);
    for (DeviceBuffer buffer : device.allocateEqual(budget, layout.bytes(), slots)) {
      ByteBuffer hostView = device.hostView(buffer).orElse(null);
      table.slots.add(new Slot(table.slots.size(), buffer, layout, hostView));
    }
    table.free.addAll(table.slots);
    table.count.put(SlotState.FREE, slots);
    return table;
  }

  /** Gives the memory back, each slot once its last use is reached. */
  void freeMemory() {
    for (Slot slot : slots) {
      slot.lastUse.await();
      slot.buffer.close();
    }
  }

  // -- identity

  int layers() {
    return layers;
  }

  int experts() {
    return experts;
  }

  /** The one instance of an id. */
  ExpertId id(int layer, int index) {
    return ids[layer * experts + index];
  }

  boolean isKnown(int layer, int index) {
    return layer >= 0 && layer < layers && index >= 0 && index < experts;
  }

  /** The slot an expert is in, or on its way to; null if neither. */
  @Nullable Slot find(ExpertId id) {
    return byExpert[id.layer() * experts + id.index()];
  }

  List<Slot> slots() {
    return slots;
  }

  // -- transitions

  void become(Slot slot, SlotState next) {
    SlotState before = slot.state();
    slot.become(next);
    count.merge(before, -1, Integer::sum);
    count.merge(next, 1, Integer::sum);
  }

  /** Takes a free slot for an expert that is about to be loaded. */
  Slot occupy(ExpertId id, TransferPriority priority) {
    Slot slot = free.remove();
    SlotState state = slot.lastUse.reached() ? loading(priority) : SlotState.DRAINING;
    slot.id = id;
    byExpert[id.layer() * experts + id.index()] = slot;
    become(slot, state);
    return slot;
  }

  static SlotState loading(TransferPriority priority) {
    return priority == TransferPriority.DEMAND
        ? SlotState.LOADING_DEMAND
        : SlotState.LOADING_PREFETCH;
  }

  /** Empties a slot. */
  void release(Slot slot) {
    leaveShare(slot);
    ExpertId id = slot.id;
    if (id != null && find(id) == slot) { // else it is being loaded anew elsewhere
      byExpert[id.layer() * experts + id.index()] = null;
    }
    slot.id = null;
    slot.load = null;
    slot.owner = null;
    slot.predictedFor = Slot.NOT_PREDICTED;
    slot.unusedPrefetch = false;
    slot.stopping = false;
    become(slot, SlotState.FREE);
    free.add(slot);
  }

  /** Counts a slot as taken by a prefetch for a layer ahead. */
  void joinShare(Slot slot) {
    slot.ahead = true;
    ahead++;
  }

  /** The prefetch has been used, or its layer has been passed, or its slot is free again. */
  void leaveShare(Slot slot) {
    ahead -= slot.ahead ? 1 : 0;
    slot.ahead = false;
  }

  // -- counts

  /** Slots taken by prefetches for layers ahead. */
  int ahead() {
    return ahead;
  }

  private int count(SlotState state) {
    return count.getOrDefault(state, 0);
  }

  int total() {
    return slots.size();
  }

  int free() {
    return count(SlotState.FREE);
  }

  int leased() {
    return count(SlotState.LEASED);
  }

  int resident() {
    return count(SlotState.RESIDENT) + leased();
  }

  int inFlight() {
    return count(SlotState.LOADING_DEMAND)
        + count(SlotState.LOADING_PREFETCH)
        + count(SlotState.DRAINING);
  }

  int[] residentByLayer() {
    int[] resident = new int[layers];
    for (Slot slot : slots) {
      ExpertId id = slot.id;
      if (id != null && slot.state().isResident()) {
        resident[id.layer()]++;
      }
    }
    return resident;
  }

  // -- candidates for eviction

  /** The resident, unleased slots for which the condition holds, as a live view in rising order. */
  Collection<ExpertId> resident(Predicate<Slot> condition) {
    return new Candidates(condition);
  }

  private final class Candidates extends AbstractCollection<ExpertId> {
    private final Predicate<Slot> condition;

    Candidates(Predicate<Slot> condition) {
      this.condition = condition;
    }

    private boolean holds(int expert) {
      Slot slot = byExpert[expert];
      return slot != null && slot.state() == SlotState.RESIDENT && condition.test(slot);
    }

    @Override
    public boolean contains(@Nullable Object o) {
      return o instanceof ExpertId id
          && isKnown(id.layer(), id.index())
          && holds(id.layer() * experts + id.index());
    }

    /** Walks through the slots, of which there are fewer than experts. */
    @Override
    public boolean isEmpty() {
      for (Slot slot : slots) {
        if (slot.state() == SlotState.RESIDENT && condition.test(slot)) {
          return false;
        }
      }
      return true;
    }

    @Override
    public int size() {
      return (int) IntStream.range(0, byExpert.length).filter(this::holds).count();
    }

    @Override
    public Iterator<ExpertId> iterator() {
      return IntStream.range(0, byExpert.length)
          .filter(this::holds)
          .mapToObj(i -> ids[i])
          .iterator();
    }
  }

  /**
   * Counts everything anew and compares.
   *
   * @throws IllegalStateException if the books do not balance
   */
  void check() {
    Map<SlotState, Integer> found = new EnumMap<>(SlotState.class);
    int mapped = 0;
    for (Slot slot : slots) {
      found.merge(slot.state(), 1, Integer::sum);
      ExpertId id = slot.id;
      boolean isMapped = id != null && find(id) == slot;
      mapped += isMapped ? 1 : 0;
      require(
          slot,
          switch (slot.state()) {
            case FREE -> id == null && slot.load == null && slot.owner == null;
            case RESIDENT -> isMapped && slot.load == null;
            case LEASED -> isMapped && slot.load == null && slot.owner == null;
            case LOADING_DEMAND, LOADING_PREFETCH, DRAINING -> id != null && slot.load != null;
          });
    }
    int mappings = (int) Arrays.stream(byExpert).filter(s -> s != null).count();
    if (!found.equals(nonZero(count))
        || mapped != mappings
        || free.size() != free()
        || ahead != slots.stream().filter(slot -> slot.ahead).count()
        || free() + resident() + inFlight() != total()) {
      throw new IllegalStateException(
          "residency window does not balance: free %d + resident %d + in flight %d of %d slots; %d in the free list, %d experts mapped to %d slots; by state counted %s, found %s"
              .formatted(
                  free(),
                  resident(),
                  inFlight(),
                  total(),
                  free.size(),
                  mappings,
                  mapped,
                  count,
                  found));
    }
  }

  private static Map<SlotState, Integer> nonZero(Map<SlotState, Integer> counts) {
    Map<SlotState, Integer> rest = new EnumMap<>(counts);
    rest.values().removeIf(n -> n == 0);
    return rest;
  }

  private static void require(Slot slot, boolean holds) {
    if (!holds) {
      throw new IllegalStateException(
          "slot %d is %s with expert %s, load %s, owner %s"
              .formatted(slot.index, slot.state(), slot.id, slot.load, slot.owner));
    }
  }
}
