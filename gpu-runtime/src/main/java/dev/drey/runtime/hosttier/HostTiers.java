package dev.drey.runtime.hosttier;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The host tiers of a process: engines that want the same one share it. The first opens it, the
 * last closes it. One that refuses to be closed, because a fetch still uses it, is kept for the
 * next engine that wants it: its memory is there, and a second one beside it would exceed the
 * limit.
 *
 * <p><b>Locking.</b> One lock, also while a tier is opened or closed: whoever wants it meanwhile
 * waits, which takes seconds at most.
 */
public final class HostTiers {
  /**
   * What a tier holds. Equal keys mean the same bytes at the same places.
   *
   * @param modelDigest digest of the model
   * @param source where the experts are read from
   * @param weights what their bytes mean to the device
   * @param bytes size of the tier
   */
  public record Key(String modelDigest, String source, String weights, long bytes) {}

  private static final class Entry {
    final HostTier tier;
    int users;

    Entry(HostTier tier) {
      this.tier = tier;
    }
  }

  private final Map<Key, Entry> entries = new HashMap<>();

  /** One engine's hold on a tier. Closing gives it back; closing twice is harmless. */
  public final class Share implements AutoCloseable {
    private final Key key;
    private final HostTier tier;
    private boolean closed;

    private Share(Key key, HostTier tier) {
      this.key = key;
      this.tier = tier;
    }

    /** The tier, open as long as this is. */
    public HostTier tier() {
      return tier;
    }

    @Override
    public void close() {
      synchronized (entries) {
        if (!closed) {
          closed = true;
          release(key);
        }
      }
    }
  }

  /**
   * Takes a hold on a tier.
   *
   * @param open opens it, if nobody has
   */
  public Share acquire(Key key, Supplier<HostTier> open) {
    synchronized (entries) {
      Entry entry = entries.get(key);
      if (entry == null) {
        entry = new Entry(open.get());
        entries.put(key, entry);
      }
      entry.users++;
      return new Share(key, entry.tier);
    }
  }

  private void release(Key key) {
    Entry entry = entries.get(key);
    if (entry != null && --entry.users == 0) {
      entry.tier.close();
      entries.remove(key);
    }
  }
}
