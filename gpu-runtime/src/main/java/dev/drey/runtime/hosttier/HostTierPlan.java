package dev.drey.runtime.hosttier;

import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.plan.InsufficientMemoryException;

/**
 * The size of a host tier, known before anything is allocated.
 *
 * @param layout of a slot
 * @param slots experts that fit
 * @param layers decoder layers of the model
 * @param experts experts per layer
 */
public record HostTierPlan(HostLayout layout, int slots, int layers, int experts) {
  /**
   * Sizes a tier.
   *
   * @param source of the experts
   * @param slotLayout of the device's slots
   * @param totalExperts of the model; more slots than that are never made
   * @param limit hard limit; a percentage is one of what all experts take
   * @throws InsufficientMemoryException if not one expert fits
   */
  public static HostTierPlan of(
      ExpertSource source, ExpertLayout slotLayout, int totalExperts, MemorySize limit) {
    HostLayout layout = HostLayout.of(source.blocks(slotLayout));
    long slotBytes = layout.slotBytes();
    long bytes = limit.of(totalExperts * slotBytes);
    int slots = (int) Math.min(totalExperts, bytes / slotBytes);
    if (slots < 1) {
      throw new InsufficientMemoryException(
          "host memory of %d bytes is too small: one expert takes %d bytes; give more, or leave drey.memory.host unset to read experts from storage each time"
              .formatted(bytes, slotBytes),
          slotBytes);
    }
    return new HostTierPlan(layout, slots, source.layers(), source.experts());
  }

  /** Bytes of all slots. */
  public long bytes() {
    return slots * layout.slotBytes();
  }
}
