package dev.drey.runtime.residency;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.expertstore.ExpertFetch;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.transfer.Transfer;
import dev.drey.runtime.transfer.TransferPriority;
import dev.drey.runtime.transfer.TransferTicket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One expert on its way into one slot, block by block. The first write to the slot waits for the
 * last use of the expert that was in it before; a read into staging memory does not.
 */
final class ExpertLoad implements Transfer {
  /** Told, on an I/O thread, how a load went. */
  interface Listener {
    void drained(ExpertLoad load);

    void loaded(ExpertLoad load, DeviceEvent arrival);

    void stopped(ExpertLoad load);

    void failed(ExpertLoad load, Throwable cause);
  }

  final Slot slot;
  final ExpertId id;
  final long order;
  private final Listener listener;
  private final DeviceEvent lastUse;
  private final boolean draining;
  private final ExpertBlocks blocks;

  // -- guarded by the window's lock
  private TransferPriority priority;
  private @Nullable TransferTicket ticket;

  // -- handed from I/O thread to I/O thread by the engine
  private @Nullable ExpertFetch fetch;
  private boolean targetIsFree;
  private long movedBytes;

  ExpertLoad(
      Slot slot,
      ExpertId id,
      TransferPriority priority,
      long order,
      ExpertBlocks blocks,
      Listener listener) {
    this.slot = slot;
    this.id = id;
    this.priority = priority;
    this.order = order;
    this.listener = listener;
    this.lastUse = slot.lastUse;
    this.draining = slot.state() == SlotState.DRAINING;
    this.blocks = blocks;
  }

  void accepted(TransferTicket newTicket) {
    ticket = newTicket;
  }

  TransferTicket ticket() {
    return Objects.requireNonNull(ticket);
  }

  boolean isPrefetch() {
    return priority == TransferPriority.PREFETCH;
  }

  void promoted() {
    priority = TransferPriority.DEMAND;
  }

  @Override
  public String name() {
    return "expert " + id;
  }

  @Override
  public int blocks() {
    return blocks.count();
  }

  @Override
  public int blockBytes(int block) {
    return blocks.bytes(block);
  }

  @Override
  public @Nullable ByteBuffer place(int block) {
    ByteBuffer target = slot.hostView;
    long at = blocks.place(block);
    if (target == null || at < 0) {
      return null;
    }
    if (!targetIsFree) {
      lastUse.await();
      targetIsFree();
    }
    return target.slice((int) at, blocks.bytes(block));
  }

  @Override
  public void read(int block, ByteBuffer staging) throws IOException {
    ExpertFetch begun = fetch;
    if (begun == null) {
      begun = blocks.fetch(id);
      fetch = begun;
    }
    begun.read(block, staging);
    movedBytes += blocks.bytes(block);
  }

  @Override
  public void copy(int block, HostBuffer staging, int offset, CopyStream stream) {
    if (!targetIsFree) {
      stream.waitFor(lastUse);
      targetIsFree();
    }
    Objects.requireNonNull(fetch).copy(block, staging, offset, stream, slot.expert);
  }

  private void targetIsFree() {
    targetIsFree = true;
    if (draining) {
      listener.drained(this);
    }
  }

  /**
   * Lets go of what the expert was read from.
   *
   * @param copied the point from which on no copy reads it any more
   */
  void ended(DeviceEvent copied) {
    if (fetch != null) {
      fetch.end(copied);
    }
  }

  /** Bytes moved, once the load has ended. */
  long movedBytes() {
    return movedBytes;
  }

  @Override
  public void completed(DeviceEvent copied) {
    listener.loaded(this, copied);
  }

  @Override
  public void cancelled() {
    listener.stopped(this);
  }

  @Override
  public void failed(Throwable cause) {
    listener.failed(this, cause);
  }

  @Override
  public String toString() {
    return name() + " into slot " + slot.index;
  }
}
