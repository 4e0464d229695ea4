package dev.drey.runtime.plan;

import dev.drey.runtime.memory.MemorySize;
import org.jspecify.annotations.Nullable;

/**
 * The split of one task slot's memory.
 *
 * @param fixed everything but expert slots
 * @param slots expert slots of the residency window
 * @param slotBytes bytes of one slot
 * @param totalExperts experts of the model; more slots than that are never made
 */
public record MemoryPlan(FixedMemory fixed, int slots, long slotBytes, int totalExperts) {
  /** Bytes of the residency window. */
  public long windowBytes() {
    return slots * slotBytes;
  }

  /** Bytes of everything. */
  public long totalBytes() {
    return fixed.total() + windowBytes();
  }

  /** Bytes of everything if each expert had a slot; a shadow model has no use then. */
  public long residentBytes() {
    return fixed.withoutShadow().total() + totalExperts * slotBytes;
  }

  /**
   * Finds the number of slots.
   *
   * @param fixed with a shadow model if one is asked for; left out if every expert has a slot
   * @param deviceMemory hard total, a percentage of the fully resident total; null for no limit
   * @param expertMemory the window alone, a percentage of all experts' bytes; null for what the
   *     total leaves
   * @param minSlots fewest slots that work
   * @throws InsufficientMemoryException if either is too small, with the number that would do
   */
  public static MemoryPlan solve(
      FixedMemory fixed,
      long slotBytes,
      int totalExperts,
      int minSlots,
      @Nullable MemorySize deviceMemory,
      @Nullable MemorySize expertMemory) {
    int least = Math.min(minSlots, totalExperts);
    long allExperts = totalExperts * slotBytes;
    long resident = fixed.withoutShadow().total() + allExperts;
    long total = deviceMemory == null ? Long.MAX_VALUE : deviceMemory.of(resident);
    if (total >= resident && (expertMemory == null || expertMemory.of(allExperts) >= allExperts)) {
      return new MemoryPlan(fixed.withoutShadow(), totalExperts, slotBytes, totalExperts);
    }
    long leastTotal = fixed.total() + least * slotBytes;
    if (total < leastTotal) {
      throw new InsufficientMemoryException(
          "device memory of %d bytes is too small: the smallest that works is %d bytes (%s + %d expert slots of %d)"
              .formatted(total, leastTotal, fixed, least, slotBytes),
          leastTotal);
    }
    if (expertMemory == null) {
      int slots = (int) Math.min(totalExperts, (total - fixed.total()) / slotBytes);
      return new MemoryPlan(fixed, slots, slotBytes, totalExperts);
    }
    long window = expertMemory.of(allExperts);
    int slots = (int) Math.min(totalExperts, window / slotBytes);
    if (slots < least) {
      throw new InsufficientMemoryException(
          "expert memory of %d bytes is too small: the residency window needs at least %d slots of %d bytes, %d bytes"
              .formatted(window, least, slotBytes, least * slotBytes),
          least * slotBytes);
    }
    long needed = fixed.total() + slots * slotBytes;
    if (needed > total) {
      throw new InsufficientMemoryException(
          "device memory of %d bytes cannot hold an expert window of %d bytes: together with %s that needs %d bytes"
              .formatted(total, slots * slotBytes, fixed, needed),
          needed);
    }
    return new MemoryPlan(fixed, slots, slotBytes, totalExperts);
  }
}
