package dev.drey.runtime.residency;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.transfer.Transfer;
import dev.drey.runtime.transfer.TransferPriority;
import dev.drey.runtime.transfer.TransferTicket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One expert on its way into one slot: the blocks of its gate, up and down projection. The first
 * copy waits for the last use of the expert that was in the slot before; the first read does not.
 */
final class ExpertLoad implements Transfer {
  /** Told, on an I/O thread, how a load went. */
  interface Listener {
    void drained(ExpertLoad load);

    void loaded(ExpertLoad load);

    void stopped(ExpertLoad load);

    void failed(ExpertLoad load, Throwable cause);
  }

  private static final NetworkPart[] PARTS = NetworkPart.values();

  final Slot slot;
  final ExpertId id;
  final long order;
  private final ExpertSource source;
  private final Listener listener;
  private final DeviceEvent lastUse;
  private final boolean draining;
  private final int blocks;

  // -- guarded by the window's lock
  private TransferPriority priority;
  private @Nullable TransferTicket ticket;

  // -- handed from I/O thread to I/O thread by the engine
  private boolean targetIsFree;
  private long movedBytes;

  ExpertLoad(
      Slot slot,
      ExpertId id,
      TransferPriority priority,
      long order,
      ExpertSource source,
      Listener listener) {
    this.slot = slot;
    this.id = id;
    this.priority = priority;
    this.order = order;
    this.source = source;
    this.listener = listener;
    this.lastUse = slot.lastUse;
    this.draining = slot.state() == SlotState.DRAINING;
    this.blocks = firstBlockOf(slot.parts.size());
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
    return blocks;
  }

  @Override
  public int blockBytes(int block) {
    int part = partOf(block);
    MatrixLayout layout = slot.parts.get(part).layout();
    return blockBytes(layout, block - firstBlockOf(part), source);
  }

  private static int blockBytes(MatrixLayout layout, int block, ExpertSource source) {
    return Math.toIntExact(layout.shapeOf(block).elements() * source.type().bytes());
  }

  /** Bytes that are read to load an expert of these matrices. */
  static long bytes(Iterable<MatrixLayout> layouts, ExpertSource source) {
    long bytes = 0;
    for (MatrixLayout layout : layouts) {
      bytes += layout.shape().elements() * source.type().bytes();
    }
    return bytes;
  }

  /** Bytes of the largest block of these matrices. */
  static int largestBlock(Iterable<MatrixLayout> layouts, ExpertSource source) {
    int largest = 0;
    for (MatrixLayout layout : layouts) {
      largest = Math.max(largest, blockBytes(layout, 0, source));
    }
    return largest;
  }

  @Override
  public void read(int block, ByteBuffer staging) throws IOException {
    int part = partOf(block);
    MatrixLayout layout = slot.parts.get(part).layout();
    int index = block - firstBlockOf(part);
    source.readBlock(
        id, PARTS[part], index * layout.blockOutputs(), layout.outputsOf(index), staging);
  }

  @Override
  public void copy(int block, HostBuffer staging, int offset, CopyStream stream) {
    if (!targetIsFree) {
      lastUse.await();
      targetIsFree = true;
      if (draining) {
        listener.drained(this);
      }
    }
    int part = partOf(block);
    Matrix matrix = slot.parts.get(part);
    int index = block - firstBlockOf(part);
    stream.copyBlock(staging, offset, source.type(), matrix.layout(), index, matrix.data());
    movedBytes += blockBytes(block);
  }

  /** Bytes moved, once the load has ended. */
  long movedBytes() {
    return movedBytes;
  }

  private int partOf(int block) {
    int part = 0;
    int rest = block;
    while (rest >= slot.parts.get(part).layout().blocks()) {
      rest -= slot.parts.get(part++).layout().blocks();
    }
    return part;
  }

  private int firstBlockOf(int part) {
    int first = 0;
    for (int i = 0; i < part; i++) {
      first += slot.parts.get(i).layout().blocks();
    }
    return first;
  }

  @Override
  public void completed() {
    listener.loaded(this);
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
