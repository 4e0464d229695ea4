package dev.drey.runtime.residency;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.trace.TraceSink;
import dev.drey.runtime.transfer.TransferConfig;
import dev.drey.runtime.transfer.TransferEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The device slots of one task slot: which experts are in them, which are on the way, who may use
 * them.
 *
 * <p><b>Who decides.</b> {@link Placement} decides which load gets which slot, and among which
 * experts somebody has to leave; the {@link CachePolicy} which of them leaves, or that it spares
 * all. {@link Loads} carries that out and takes the reports of the I/O threads. {@link Handout} is
 * the task thread's side: it waits, leases and takes back.
 *
 * <p><b>Ownership.</b> The window owns its slots, all of one size, allocated when it is opened and
 * freed when it is closed, and the transfer engine that fills them. Nobody else holds slot memory:
 * users get {@link ExpertLease leases}. The expert source belongs to the caller.
 *
 * <p><b>Threading.</b> One task thread calls {@link #demand}, {@link #now} and everything on the
 * {@link LayerDemand} and its leases; at most one demand is open at a time. {@link #offer}, {@link
 * #stats}, {@link #checkConservation} and {@link #close} may be called by any thread. I/O threads
 * report finished loads. An expert's last copy is issued before its load is reported and reported
 * before it is leased; the lease tells the {@linkplain ExpertLease#arrival() point} from which on
 * the bytes are there.
 *
 * <p><b>States of a slot.</b>
 *
 * <ul>
 *   <li><i>free</i>: holds nothing.
 *   <li><i>loading-demand</i>, <i>loading-prefetch</i>: an expert is being moved in, because a
 *       router asked for it or because a prediction did. A prefetch that is demanded meanwhile
 *       becomes a demand (a late hit). A load that is not needed any more is stopped between two
 *       blocks; until the I/O thread reports that, the slot stays in this state.
 *   <li><i>draining</i>: given to a new expert while the device may still read the old one. The I/O
 *       thread reads ahead into staging memory and issues the first copy behind the last use.
 *   <li><i>resident</i>: holds an expert nobody uses. It may be evicted, unless the open demand has
 *       yet to hand it out.
 *   <li><i>leased</i>: somebody uses the expert; never evicted.
 * </ul>
 *
 * {@code free + resident (leased or not) + in flight (the other three) == slots}, always; {@link
 * #checkConservation} says so.
 *
 * <p><b>A demand is one atomic event.</b> Each member is classified (hit, late hit, miss) against
 * the window as it is at that moment, and no member may be evicted before it has been handed out
 * and released. If the members outnumber the slots they stream through: each released slot takes
 * the next load, without a barrier.
 *
 * <p><b>Why it cannot lock up.</b> A demand can always take a slot from a prefetch, and prefetches
 * get at most half of the slots; what the cache policy spares is taken when too few other slots
 * serve the demand. With two slots one expert arrives while the other computes. If the task thread
 * asks for more while it holds leases on every slot it is told so at once. Every other wait ends
 * with an arrival, an error, a cancellation, {@link #close}, or the deadline. I/O threads wait only
 * for the disk and for device events, and those need nobody's help to be reached.
 *
 * <p><b>Failure.</b> A demanded load that fails, or misses its deadline, fails the demand with an
 * {@link ExpertLoadException}; the window stays usable. A prefetch that fails is counted and
 * forgotten; the expert loads again on demand. A cache policy that throws breaks the window, as
 * does anything else that a decision throws: every later call throws with that cause. Predictions
 * never fail: they are dropped.
 *
 * <p><b>Locking.</b> One lock for all of it, never held during I/O, a copy, or a wait for a device
 * event. Under it the cache policy is called and the transfer engine, whose own lock is innermost.
 */
public final class ResidencyWindow implements AutoCloseable {
  /** Fewest slots a window works with: one expert computes, one arrives. */
  public static final int MIN_SLOTS = 2;

  private final WindowLock lock = new WindowLock();
  private final SlotTable slots;
  private final TransferEngine engine;
  private final Loads loads;
  private final Placement placement;
  private final Counters counters;
  private final Handout handout;

  ResidencyWindow(
      SlotTable slots,
      TransferEngine engine,
      ExpertBlocks blocks,
      CachePolicy policy,
      TransferConfig config,
      LongSupplier clock,
      TraceSink sink) {
    this.slots = slots;
    this.engine = engine;
    this.counters = new Counters(slots.layers());
    WindowTrace trace = new WindowTrace(sink, clock, slots.experts());
    Loads loads =
        new Loads(slots, engine, blocks, policy, counters, trace, clock, new LoadReports());
    this.placement = new Placement(slots, loads, engine, policy, counters, trace);
    long deadline = config.deadline().toNanos();
    this.handout = new Handout(lock, slots, placement, counters, trace, clock, deadline, engine);
    this.loads = loads;
  }

  /**
   * Allocates the slots and starts the I/O threads.
   *
   * @param slots number of experts the window holds, at least {@link #MIN_SLOTS}
   * @param windowBudget pays for the slots: {@code slots * device.expertLayout(shape).bytes()}
   * @param stagingBudget pays for {@link #stagingBytes} and what the copy streams need
   * @param trace is told what happens, under the window's lock
   * @throws IllegalArgumentException if there are too few slots
   * @throws dev.drey.runtime.memory.MemoryBudgetExceededException if a budget does not suffice;
   *     nothing stays allocated
   */
  public static ResidencyWindow open(
      Device device,
      ExpertSource source,
      ExpertShape shape,
      int slots,
      MemoryBudget windowBudget,
      MemoryBudget stagingBudget,
      CachePolicy policy,
      TransferConfig config,
      TraceSink trace) {
    ExpertLayout layout = device.expertLayout(shape);
    requireSlots(slots, layout);
    SlotTable table =
        SlotTable.allocate(device, layout, slots, windowBudget, source.layers(), source.experts());
    try {
      ExpertBlocks blocks = source.blocks(layout);
      TransferEngine engine =
          TransferEngine.open(device, stagingBudget, blocks.largest(), slots, config);
      return new ResidencyWindow(table, engine, blocks, policy, config, System::nanoTime, trace);
    } catch (RuntimeException | Error e) {
      table.freeMemory();
      throw e;
    }
  }

  private static void requireSlots(int slots, ExpertLayout layout) {
    if (slots < MIN_SLOTS) {
      throw new IllegalArgumentException(
          "a residency window needs at least %d slots (one expert computes, one arrives), found %d; %d bytes would do"
              .formatted(MIN_SLOTS, slots, MIN_SLOTS * layout.bytes()));
    }
  }

  /** Bytes of staging memory that {@link #open} reserves, besides what the copy streams need. */
  public static long stagingBytes(
      Device device, ExpertSource source, ExpertShape shape, TransferConfig config) {
    return TransferEngine.stagingBytes(config, source.blocks(device.expertLayout(shape)).largest());
  }

  /** How many experts the window holds. */
  public int slots() {
    return slots.total();
  }

  /**
   * Installs a question asked while a demand waits: once it answers true, the wait ends with a
   * {@link CancellationException} within 20 ms. The question must not block.
   */
  public void cancelWhen(BooleanSupplier question) {
    handout.cancelWhen(question);
  }

  /**
   * A router has chosen: classifies the experts and begins to load what is missing. Never waits.
   *
   * @param step forward pass, from 0; a lower one than before means that another run has begun
   * @param layer decoder layer
   * @param experts distinct, rising
   * @param tokens how many tokens chose each expert, for the cache policy; not kept
   * @param count how many entries of {@code experts} and {@code tokens} count
   * @throws IllegalStateException if the demand before has not been closed
   */
  public LayerDemand demand(long step, int layer, int[] experts, int[] tokens, int count) {
    List<ExpertId> ids = ids(layer, experts, count);
    LayerDemand demand = new LayerDemand(handout, step, layer, count);
    lock.run(
        () -> {
          lock.requireUsable();
          LayerDemand open = placement.current();
          if (open != null) {
            throw new IllegalStateException(open + " has not been closed, cannot begin " + demand);
          }
          lock.decide(() -> placement.admit(demand, ids, tokens));
        });
    return demand;
  }

  private List<ExpertId> ids(int layer, int[] experts, int count) {
    List<ExpertId> ids = new ArrayList<>(count);
    int before = -1;
    for (int i = 0; i < count; i++) {
      boolean known = slots.isKnown(layer, experts[i]);
      if (!known || experts[i] <= before) {
        throw new IllegalArgumentException(
            "demanded experts must rise and lie below %d, their layer below %d; found expert %d after %d in layer %d"
                .formatted(slots.experts(), slots.layers(), experts[i], before, layer));
      }
      before = experts[i];
      ids.add(slots.id(layer, experts[i]));
    }
    return ids;
  }

  /**
   * Offers a prediction, the likeliest expert first. Never waits for I/O or for a slot.
   *
   * @return how many of its experts are in the window, on their way, or queued until there is room;
   *     the others were dropped: too late, no room in the queue, unknown expert, or the window is
   *     closed
   */
  public int offer(Prediction prediction) {
    return lock.with(
        () -> {
          int[] accepted = new int[1];
          if (lock.isUsable()) {
            lock.decide(() -> accepted[0] = placement.offer(prediction));
          }
          return accepted[0];
        });
  }

  /**
   * The forward pass has come to a layer: predictions for it and for layers behind are dropped from
   * now on, queued prefetches for layers behind are cancelled. {@link #demand} implies it.
   */
  public void now(long step, int layer) {
    lock.run(
        () -> {
          lock.requireUsable();
          lock.decide(() -> placement.reach(step, layer));
        });
  }

  // -- reports of I/O threads

  private final class LoadReports implements ExpertLoad.Listener {
    @Override
    public void drained(ExpertLoad load) {
      report(() -> loads.drained(load));
    }

    @Override
    public void loaded(ExpertLoad load, DeviceEvent arrival) {
      report(() -> loads.loaded(load.slot, arrival));
    }

    @Override
    public void stopped(ExpertLoad load) {
      report(() -> loads.stopped(load.slot));
    }

    @Override
    public void failed(ExpertLoad load, Throwable cause) {
      report(() -> loads.failed(load.slot, cause));
    }

    private void report(Runnable books) {
      try {
        lock.run(
            () -> {
              lock.decide(books);
              if (lock.isUsable()) {
                lock.decide(placement::pump);
              }
              lock.changed();
            });
      } catch (RuntimeException | Error e) {
        // the window is broken now; the task thread meets this as the cause of its next call
      }
    }
  }

  // -- what it has done

  /** Totals since the window was opened and what is in it now. */
  public ResidencyStats stats() {
    return lock.with(() -> counters.stats(slots, engine.stats()));
  }

  /**
   * Counts all slots and prefetches anew and compares with the books.
   *
   * @throws IllegalStateException if {@code free + resident + in flight != slots}, or a prefetch is
   *     unaccounted for
   */
  public void checkConservation() {
    lock.run(
        () -> {
          slots.check();
          counters.check(slots);
        });
  }

  /**
   * Stops the I/O threads, waits for leases to come back, frees the slots. A task thread that waits
   * meanwhile gets an {@link IllegalStateException}. Closing twice is harmless.
   *
   * @throws IllegalStateException if an I/O thread or a leaseholder does not let go in time; the
   *     slots then stay allocated, because somebody may still write or read them. Whatever else the
   *     transfer engine throws, they are freed.
   */
  @Override
  public void close() {
    boolean first =
        lock.with(
            () -> {
              placement.close();
              return lock.close();
            });
    if (first) {
      RuntimeException failure = closeEngine();
      lock.run(handout::awaitLeases);
      slots.freeMemory();
      if (failure != null) {
        throw failure;
      }
    }
  }

  /** Returns what went wrong, and throws it if a thread may still write to the slots. */
  private @Nullable RuntimeException closeEngine() {
    try {
      engine.close();
      return null;
    } catch (RuntimeException e) {
      if (!engine.hasEnded()) {
        throw e;
      }
      return e;
    }
  }
}
