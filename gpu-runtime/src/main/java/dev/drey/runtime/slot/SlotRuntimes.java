package dev.drey.runtime.slot;

import dev.drey.runtime.Devices;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.hosttier.HostTiers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry of engines by task slot, the only process-wide state of the runtime. (The other
 * registry of the project is that of the operators' admission gates.)
 *
 * <p><b>Why static.</b> The operators of a slot run in two tasks that have nothing in common but
 * the process. The class must be loaded once per process (it belongs to the TaskManager's own class
 * path, not to the job's), or budgets and native libraries would double.
 *
 * <p><b>Ownership.</b> The registry owns the engines. Users hold {@link SlotRuntime}s; the first to
 * acquire opens the engine, while others wait for it.
 *
 * <p><b>Lingering.</b> When the last user leaves, the engine stays open for a while: after a
 * failure all tasks of a slot close before any opens again, and loading weights is the slow part of
 * a restart. A lingering engine is closed at once if it has failed, if its slot comes back with
 * another configuration, or if another job opens an engine (so that idle weights never crowd out
 * live ones).
 *
 * <p><b>GPUs.</b> An engine has a GPU to itself: its weights and its window are sized for all of
 * it. A slot takes the first of the GPUs it was handed that no other slot computes on, and is
 * refused where there is none.
 *
 * <p><b>Host tiers.</b> Slots whose engines keep the same experts in host memory share them: opened
 * with the first of these engines, closed with the last.
 *
 * <p><b>Locking.</b> The registry's lock guards the map and the counts; opening and closing an
 * engine happen under the entry's own lock, never under the registry's.
 */
public final class SlotRuntimes {
  private static final Logger LOG = LoggerFactory.getLogger(SlotRuntimes.class);
  private static final Map<SlotKey, Entry> ENTRIES = new HashMap<>();
  private static final HostTiers HOST_TIERS = new HostTiers();
  private static final int NO_GPU = -1;

  /** The engine of one slot and who uses it. */
  static final class Entry {
    final SlotKey key;
    final EngineConfig config;
    final int gpu; // NO_GPU if the engine computes on none
    final Duration linger;
    int users; // guarded by ENTRIES
    long idleSince; // guarded by ENTRIES; counts releases to zero
    @Nullable volatile MoeEngine engine; // written under this

    Entry(SlotKey key, EngineConfig config, int gpu, Duration linger) {
      this.key = key;
      this.config = config;
      this.gpu = gpu;
      this.linger = linger;
    }

    synchronized MoeEngine open() throws IOException {
      MoeEngine current = engine;
      if (current == null) {
        LOG.info("Opening the engine of slot {} for {}", key.allocation(), config.model());
        current = MoeEngine.open(gpu == NO_GPU ? config : config.onGpu(gpu), HOST_TIERS);
        engine = current;
      }
      return current;
    }

    synchronized void closeEngine() {
      MoeEngine current = engine;
      if (current != null) {
        LOG.info("Closing the engine of slot {}", key.allocation());
        engine = null;
        current.close();
      }
    }

    boolean failed() {
      MoeEngine current = engine;
      return current == null || current.failed();
    }
  }

  private SlotRuntimes() {}

  /** As {@link #acquire(SlotKey, EngineConfig, List, Duration)}, on the configuration's GPU. */
  public static SlotRuntime acquire(SlotKey key, EngineConfig config, Duration linger)
      throws IOException {
    return acquire(key, config, List.of(), linger);
  }

  /**
   * Takes a hold on the slot's engine, opening it if need be.
   *
   * @param gpus the GPUs that the slot may compute on, in order of preference; none for the
   *     configuration's. Means nothing to an engine that computes on none
   * @param linger how long the engine stays open after its last user has left
   * @throws IOException if the model cannot be read
   * @throws IllegalStateException if the slot is in use with another configuration, or if other
   *     slots compute on all of its GPUs
   */
  public static SlotRuntime acquire(
      SlotKey key, EngineConfig config, List<Integer> gpus, Duration linger) throws IOException {
    List<Integer> candidates = gpus.isEmpty() ? List.of(config.deviceIndex()) : gpus;
    boolean onGpu = Devices.usesGpu(config.device(), candidates.get(0));
    Entry entry;
    List<Entry> displaced = new ArrayList<>();
    synchronized (ENTRIES) {
      entry = ENTRIES.get(key);
      if (entry != null && !entry.config.equals(config)) {
        if (entry.users > 0) {
          throw new IllegalStateException(
              "slot %s is in use with another configuration: %s, asked for %s"
                  .formatted(key.allocation(), entry.config, config));
        }
        displaced.add(entry);
        entry = null;
      }
      if (entry == null) {
        for (Entry other : ENTRIES.values()) {
          if (other.users == 0 && !other.key.job().equals(key.job())) {
            displaced.add(other);
          }
        }
        int gpu = onGpu ? freeGpu(key, candidates, displaced) : NO_GPU;
        displaced.forEach(other -> ENTRIES.remove(other.key, other));
        entry = new Entry(key, config, gpu, linger);
        ENTRIES.put(key, entry);
      }
      entry.users++;
    }
    displaced.forEach(Entry::closeEngine);
    try {
      return new SlotRuntime(entry, entry.open());
    } catch (IOException | RuntimeException | Error failure) {
      release(entry);
      throw failure;
    }
  }

  /**
   * The first GPU that no slot with users computes on. An engine that lingers on it is displaced.
   */
  private static int freeGpu(SlotKey key, List<Integer> candidates, List<Entry> displaced) {
    for (int gpu : candidates) {
      List<Entry> holders = ENTRIES.values().stream().filter(other -> other.gpu == gpu).toList();
      if (holders.stream().allMatch(other -> other.users == 0)) {
        holders.stream().filter(other -> !displaced.contains(other)).forEach(displaced::add);
        return gpu;
      }
    }
    throw new IllegalStateException(
        "slot %s may compute on GPU %s, which other slots of this process compute on; have one slot per GPU (taskmanager.numberOfTaskSlots) and hand out as many (external-resource.gpu.amount)"
            .formatted(
                key.allocation(),
                candidates.stream().map(String::valueOf).collect(Collectors.joining(", "))));
  }

  static void release(Entry entry) {
    long idle;
    synchronized (ENTRIES) {
      entry.users--;
      if (entry.users > 0) {
        return;
      }
      idle = ++entry.idleSince;
    }
    if (entry.linger.isZero() || entry.failed()) {
      closeIfIdle(entry, idle);
    } else {
      CompletableFuture.delayedExecutor(entry.linger.toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> closeIfIdle(entry, idle));
    }
  }

  private static void closeIfIdle(Entry entry, long idle) {
    synchronized (ENTRIES) {
      if (entry.users > 0 || entry.idleSince != idle || !ENTRIES.remove(entry.key, entry)) {
        return;
      }
    }
    entry.closeEngine();
  }

  /** Closes every engine that lingers without users. */
  public static void closeIdle() {
    List<Entry> idle = new ArrayList<>();
    synchronized (ENTRIES) {
      ENTRIES.values().stream().filter(entry -> entry.users == 0).forEach(idle::add);
      idle.forEach(entry -> ENTRIES.remove(entry.key, entry));
    }
    idle.forEach(Entry::closeEngine);
  }

  /** The engines open in this process, by slot; for progress displays and leak checks. */
  public static Map<SlotKey, MoeEngine> open() {
    List<Entry> entries;
    synchronized (ENTRIES) {
      entries = List.copyOf(ENTRIES.values());
    }
    Map<SlotKey, MoeEngine> engines = new HashMap<>();
    for (Entry entry : entries) {
      MoeEngine engine = entry.engine;
      if (engine != null) {
        engines.put(entry.key, engine);
      }
    }
    return engines;
  }
}
