package dev.drey.runtime.hosttier;

/**
 * What an engine got from the host tier since it was opened, and what is in the tier that it shares
 * with the other engines of the process.
 *
 * @param hits fetches served from host memory
 * @param misses fetches that went to storage
 * @param bytesFromHost bytes copied to the device without being read first
 * @param bytesFromStorage bytes read from storage
 * @param slots experts the tier has room for
 * @param resident experts in it now
 * @param budgetBytes its hard limit
 */
public record HostTierStats(
    long hits,
    long misses,
    long bytesFromHost,
    long bytesFromStorage,
    int slots,
    int resident,
    long budgetBytes) {
  /** No tier. */
  public static final HostTierStats NONE = new HostTierStats(0, 0, 0, 0, 0, 0, 0);

  /** What two engines got from the tier they share. */
  public HostTierStats plus(HostTierStats other) {
    return new HostTierStats(
        hits + other.hits,
        misses + other.misses,
        bytesFromHost + other.bytesFromHost,
        bytesFromStorage + other.bytesFromStorage,
        Math.max(slots, other.slots),
        Math.max(resident, other.resident),
        Math.max(budgetBytes, other.budgetBytes));
  }
}
