package dev.drey.runtime.residency;

import dev.drey.runtime.model.ExpertId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The experts one layer's router has chosen, handed out as they become ready. Used by the thread
 * that demanded them.
 *
 * <pre>{@code
 * try (LayerDemand demand = window.demand(step, layer, experts, tokens, count)) {
 *   for (var ready = demand.nextReady(8); !ready.isEmpty(); ready = demand.nextReady(8)) {
 *     ready.forEach(lease -> stream.waitFor(lease.arrival()));
 *     compute(ready);
 *     DeviceEvent lastUse = stream.record();
 *     ready.forEach(lease -> lease.release(lastUse));
 *   }
 * }
 * }</pre>
 */
public final class LayerDemand implements AutoCloseable {
  private final Handout handout;

  // -- guarded by the window's lock
  final long step;
  final int layer;
  final ArrayDeque<Slot> ready = new ArrayDeque<>();
  final ArrayDeque<ExpertId> pending = new ArrayDeque<>();
  final List<ExpertLease> leases = new ArrayList<>();
  int undelivered;
  long stallNanos;
  boolean closed;
  @Nullable ExpertLoadException failure;

  LayerDemand(Handout handout, long step, int layer, int experts) {
    this.handout = handout;
    this.step = step;
    this.layer = layer;
    this.undelivered = experts;
  }

  /**
   * Hands out experts, each exactly once: those that were resident first, then in order of arrival.
   * Waits until there is at least one. While experts still wait for a slot, a batch takes at most
   * half of the slots, so that the others fill meanwhile.
   *
   * @param max most experts wanted, at least 1
   * @return the leases, to be released by the caller; empty when all experts have been handed out
   * @throws ExpertLoadException if an expert cannot be loaded or does not arrive in time
   * @throws IllegalStateException if nothing can ever arrive because the caller holds leases on
   *     every slot, or if the window is closed meanwhile
   * @throws java.util.concurrent.CancellationException if the thread is interrupted (the flag stays
   *     set) or the window's cancellation question answers true
   */
  public List<ExpertLease> nextReady(int max) {
    return handout.nextReady(this, max);
  }

  /**
   * Hands out experts, each exactly once: waits until every one that has room has arrived, and
   * hands out all of these. The others get their slots when the caller releases the leases.
   *
   * @return the leases, to be released by the caller; empty when all experts have been handed out
   * @throws ExpertLoadException if an expert cannot be loaded, or none arrives in time
   * @throws IllegalStateException as {@link #nextReady}
   * @throws java.util.concurrent.CancellationException as {@link #nextReady}
   */
  public List<ExpertLease> nextTogether() {
    return handout.nextTogether(this);
  }

  /** How many experts {@link #nextReady} could hand out without waiting. */
  public int ready() {
    return handout.ready(this);
  }

  /** How many experts have yet to be handed out. */
  public int undelivered() {
    return handout.undelivered(this);
  }

  /**
   * Ends the demand: cancels the loads still on their way and releases the leases not released yet,
   * as if their last use were reached. A caller that leaves early after issuing work on a stream
   * therefore waits for that stream first. Closing twice is harmless.
   */
  @Override
  public void close() {
    handout.close(this);
  }

  @Override
  public String toString() {
    return "demand of step " + step + ", layer " + layer;
  }
}
