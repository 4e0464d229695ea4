package dev.drey.runtime.transfer;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.transfer.TransferTicket.State;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Moves blocks, one after the other, through its own staging buffer and copy stream.
 *
 * <p><b>Ownership.</b> The worker owns both and frees them when it ends, on its own thread: a
 * worker that hangs in a read never loses the memory it is reading into.
 *
 * <p><b>Staging</b> is two pieces used in turn, so that a block is read while the one before is
 * still being copied, and the first of the next transfer while the last of this one is. A piece is
 * reused after its copy is done; no more than two copies are ever under way, so that a demand finds
 * little in front of it on the link.
 *
 * <p><b>Order.</b> A transfer is completed when its last copy has been issued; whoever reads the
 * target waits for the event that comes with it. One that is stopped, fails or is put back has no
 * copy under way any more: its target may be given to another, and the thread that goes on with it
 * knows nothing of this one's stream.
 *
 * <p><b>Failure.</b> Whatever a transfer throws while it is moved ends that transfer, never the
 * worker. A copy that fails after its transfer has been completed fails the next one: by then the
 * device answers nothing but errors, and whoever waits for the event hears of it too. What a last
 * callback throws is a bug and ends the worker, loudly.
 */
final class TransferWorker implements Runnable {
  private static final int PIECES = 2;
  private static final int ALIGNMENT = 4096;
  private static final long RETRY_NANOS = 10_000_000;

  // -- configuration
  private final String name;
  private final TransferQueue queue;
  private final Pacer pacer;
  private final TransferMeter meter;
  private final Ticker ticker;
  private final int attempts;
  private final int pieceBytes;

  // -- runtime, used by the worker's thread only
  private final HostBuffer staging;
  private final CopyStream stream;
  private final ByteBuffer view;
  private final @Nullable Copy[] copies = new Copy[PIECES];
  private int piece;
  private boolean busy;
  private @Nullable TransferTicket current;

  // -- read by others
  private volatile Activity activity;
  private volatile @Nullable RuntimeException releaseFailure;

  /** The copy out of a piece, which the meter does not know of yet. */
  private record Copy(DeviceEvent done, int bytes, TransferPriority priority) {}

  private record Activity(String what, @Nullable TransferTicket ticket, int block, long since) {}

  TransferWorker(
      String name,
      TransferQueue queue,
      Pacer pacer,
      TransferMeter meter,
      Ticker ticker,
      int attempts,
      int pieceBytes,
      HostBuffer staging,
      CopyStream stream) {
    this.name = name;
    this.queue = queue;
    this.pacer = pacer;
    this.meter = meter;
    this.ticker = ticker;
    this.attempts = attempts;
    this.pieceBytes = pieceBytes;
    this.staging = staging;
    this.stream = stream;
    this.view = staging.bytes();
    this.activity = new Activity("idle", null, 0, ticker.nanoTime());
  }

  /** Bytes of one worker's staging buffer for blocks of at most so many bytes. */
  static long stagingBytes(int blockBytes) {
    return (long) PIECES * pieceBytes(blockBytes);
  }

  static int pieceBytes(int blockBytes) {
    return Math.toIntExact(((long) blockBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  }

  @Override
  public void run() {
    try {
      do {
        while (advance()) {}
      } while (queue.awaitWork());
      while (advance()) {}
    } finally {
      release();
    }
  }

  /**
   * Moves one block, or ends or puts back the transfer in hand.
   *
   * @return false if there was nothing to do
   */
  boolean advance() {
    TransferTicket ticket = current;
    if (ticket == null) {
      ticket = queue.poll();
      if (ticket == null) {
        rest();
        return false;
      }
      ticket.start(ticker.nanoTime());
      current = ticket;
    }
    try {
      switch (queue.next(ticket)) {
        case MOVE -> move(ticket);
        case YIELD -> putBack(ticket);
        case STOP -> stop(ticket);
      }
    } catch (Throwable t) {
      fail(ticket, t);
    }
    return true;
  }

  private void move(TransferTicket ticket) throws IOException {
    Transfer transfer = ticket.transfer();
    int block = ticket.nextBlock;
    int bytes = transfer.blockBytes(block);
    if (bytes > pieceBytes) {
      throw new IllegalArgumentException(
          "%s: block %d has %d bytes, staging holds %d"
              .formatted(transfer.name(), block, bytes, pieceBytes));
    }
    long due = pacer.charge(bytes);
    if (!busy) {
      busy = true;
      meter.begin();
    }
    doing("waiting for the target", ticket, block);
    ByteBuffer place = transfer.place(block);
    if (place == null) {
      moveThroughStaging(ticket, block, bytes, due);
    } else {
      read(ticket, block, place);
      pace(ticket, block, due);
      meter.moved(bytes, ticket.priority);
    }
    ticket.nextBlock = block + 1;
    if (ticket.nextBlock == transfer.blocks()) {
      DeviceEvent copied = stream.record();
      settle(ticket, State.COMPLETED);
      transfer.completed(copied);
    }
  }

  private void moveThroughStaging(TransferTicket ticket, int block, int bytes, long due)
      throws IOException {
    int offset = piece * pieceBytes;
    doing("waiting for the copy of a block before", ticket, block);
    await(piece);
    read(ticket, block, view.limit(offset + bytes).position(offset));
    doing("copying", ticket, block);
    ticket.transfer().copy(block, staging, offset, stream);
    DeviceEvent done = stream.record();
    copies[piece] = new Copy(done, bytes, ticket.priority);
    pace(ticket, block, due);
    if (done.reached()) {
      await(piece);
    }
    piece = (piece + 1) % PIECES;
  }

  private void pace(TransferTicket ticket, int block, long due) {
    doing("pacing", ticket, block);
    ticker.sleepUntil(due, queue::isClosed);
  }

  private void read(TransferTicket ticket, int block, ByteBuffer target) throws IOException {
    Transfer transfer = ticket.transfer();
    int start = target.position();
    for (int attempt = 1; ; attempt++) {
      doing(attempt == 1 ? "reading" : "reading again", ticket, block);
      try {
        transfer.read(block, target.position(start));
        if (target.hasRemaining()) {
          // What lies behind would be bytes of another transfer.
          throw new EOFException(
              "%d of %d bytes were read"
                  .formatted(target.position() - start, target.limit() - start));
        }
        return;
      } catch (IOException e) {
        if (attempt == attempts || queue.isClosed()) {
          throw new IOException(
              "%s: block %d of %d could not be read in %d attempts: %s"
                  .formatted(transfer.name(), block, transfer.blocks(), attempt, e.getMessage()),
              e);
        }
        meter.retried();
        doing("waiting to read again", ticket, block);
        ticker.sleepUntil(ticker.nanoTime() + attempt * RETRY_NANOS, queue::isClosed);
      }
    }
  }

  private void putBack(TransferTicket ticket) {
    awaitCopies(ticket);
    if (queue.putBack(ticket)) {
      current = null;
      idle();
    } else {
      stop(ticket);
    }
  }

  private void stop(TransferTicket ticket) {
    awaitCopies(ticket);
    settle(ticket, State.CANCELLED);
    ticket.transfer().cancelled();
  }

  private void fail(TransferTicket ticket, Throwable cause) {
    if (current == null) { // the transfer had ended: its own callback threw
      throw new IllegalStateException(name + ": " + ticket.transfer().name() + " threw", cause);
    }
    try {
      awaitCopies(ticket);
    } catch (RuntimeException | Error e) {
      if (e != cause) {
        cause.addSuppressed(e);
      }
    }
    settle(ticket, State.FAILED);
    ticket.transfer().failed(cause);
  }

  private void settle(TransferTicket ticket, State outcome) {
    queue.end(ticket, outcome);
    current = null;
    idle();
  }

  private void awaitCopies(TransferTicket ticket) {
    doing("waiting for its copies", ticket, ticket.nextBlock);
    awaitCopies();
  }

  private void awaitCopies() {
    for (int i = 0; i < PIECES; i++) {
      await(i);
    }
  }

  /**
   * There is nothing to do: lets the meter know once the last copies are done. What fails here the
   * next transfer meets again, when it needs the piece.
   */
  private void rest() {
    try {
      awaitCopies();
    } catch (RuntimeException | Error e) {
      doing("left with a copy that failed: " + e.getMessage());
    } finally {
      if (busy) {
        busy = false;
        meter.end();
      }
    }
  }

  /** Waits for the copy out of a piece, if there is one under way, and counts its bytes. */
  private void await(int index) {
    Copy copy = copies[index];
    if (copy != null) {
      copy.done().await();
      copies[index] = null;
      meter.moved(copy.bytes(), copy.priority());
    }
  }

  private void release() {
    try (staging;
        stream) {
      rest();
      awaitCopies();
    } catch (RuntimeException e) {
      releaseFailure = e;
    }
  }

  /** What went wrong when the worker freed its memory, if anything. */
  @Nullable RuntimeException releaseFailure() {
    return releaseFailure;
  }

  private void doing(String what, TransferTicket ticket, int block) {
    activity = new Activity(what, ticket, block, ticker.nanoTime());
  }

  private void idle() {
    doing("idle");
  }

  private void doing(String what) {
    activity = new Activity(what, null, 0, ticker.nanoTime());
  }

  /** What this worker is doing, for messages. */
  String describe() {
    Activity now = activity;
    TransferTicket ticket = now.ticket();
    long millis = (ticker.nanoTime() - now.since()) / 1_000_000;
    return ticket == null
        ? "%s: %s for %d ms".formatted(name, now.what(), millis)
        : "%s: %s, %s %s, block %d of %d, for %d ms"
            .formatted(
                name,
                now.what(),
                ticket.priority.name().toLowerCase(Locale.ROOT),
                ticket.transfer().name(),
                now.block(),
                ticket.transfer().blocks(),
                millis);
  }
}
