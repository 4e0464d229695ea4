package dev.drey.runtime.trace;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records an engine's events to a file.
 *
 * <p><b>Memory.</b> Events are encoded into one of {@link #CHUNKS} chunks of {@link #CHUNK_BYTES}
 * (more only if one event of the model needs more); that is all the memory there ever is.
 *
 * <p><b>Cost.</b> The engine's threads encode, under a lock held for the length of one event; a
 * thread of its own writes. Recording never waits for the disk: while every chunk waits to be
 * written, events are dropped and counted, and the next chunk says in the file how many are missing
 * before it.
 *
 * <p><b>Failure.</b> A file that cannot be created fails {@link #open}. If it cannot be written
 * later, the engine goes on: this is logged once, further events count as dropped, and the file
 * lacks its end record, so that readers refuse it.
 */
public final class TraceRecorder implements TraceSink, AutoCloseable {
  static final int CHUNKS = 32;
  static final int CHUNK_BYTES = 1 << 16;

  private static final Logger LOG = LoggerFactory.getLogger(TraceRecorder.class);

  private final TraceFile file;
  private final ChunkWriter writer;
  private final EventEncoder encoder;
  private final int expertsPerToken;
  private final long origin;

  // -- guarded by this
  private @Nullable TraceChunk chunk;
  private long recorded;
  private long dropped;
  private long droppedBefore; // what of it the chunks so far have said
  private long lastNanos;
  private boolean closed;

  TraceRecorder(TraceFile file, TraceHeader header, int chunks, int chunkBytes, long origin) {
    this.file = file;
    this.origin = origin;
    this.expertsPerToken = header.expertsPerToken();
    int largest = Math.max(header.experts(), TraceFormat.MAX_ROWS * expertsPerToken);
    int room = Math.max(chunkBytes, EventEncoder.bound(largest));
    this.writer = new ChunkWriter(file, chunks, room);
    TraceChunk first = writer.poll();
    if (first == null) {
      throw new IllegalArgumentException("a recorder needs at least 1 chunk, found " + chunks);
    }
    first.reset(0, 0);
    this.chunk = first;
    this.encoder = new EventEncoder(first, header.experts());
  }

  /**
   * Creates the file and begins to record.
   *
   * @param wanted its name; if it is taken, a number is appended (see {@link #stats})
   * @throws IOException if the file cannot be created
   */
  public static TraceRecorder open(Path wanted, TraceHeader header) throws IOException {
    TraceFile file = TraceFile.create(wanted, header);
    TraceRecorder recorder =
        new TraceRecorder(file, header, CHUNKS, CHUNK_BYTES, System.nanoTime());
    recorder.writer.start();
    LOG.info("Recording a trace to {}", file.path());
    return recorder;
  }

  /** Lets the writer begin, for whoever made a recorder by its constructor. */
  void startWriting() {
    writer.start();
  }

  /** How it is getting on. Any thread. */
  public synchronized TraceStats stats() {
    IOException failure = writer.failure();
    long lost = writer.lost();
    return new TraceStats(
        file.path(),
        recorded - lost,
        dropped + lost,
        failure == null ? null : String.valueOf(failure.getMessage()));
  }

  /** Finds room for an event; false if there is none and it is dropped. */
  private boolean hasRoomFor(int bytes, long nanos) {
    TraceChunk current = chunk;
    if (current != null && !closed && current.hasRoomFor(bytes)) {
      recorded++;
      return true;
    }
    if (current != null && !closed) {
      submit(current);
    }
    TraceChunk next = closed ? null : writer.poll();
    chunk = next;
    if (next == null) {
      dropped++;
      return false;
    }
    lastNanos = Math.max(lastNanos, nanos);
    next.reset(lastNanos, dropped - droppedBefore);
    droppedBefore = dropped;
    encoder.into(next);
    recorded++;
    return true;
  }

  private void submit(TraceChunk full) {
    lastNanos = Math.max(lastNanos, full.lastNanos());
    writer.submit(full);
  }

  private long since(long nanos) {
    return Math.max(0, nanos - origin);
  }

  @Override
  public synchronized void stepBegan(long nanos, long step, int rows, int logitRows) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.stepBegan(since(nanos), step, rows, logitRows);
    }
  }

  @Override
  public synchronized void sequenceRan(
      long nanos, int sequence, int rows, int promptTokens, int outputs) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.sequenceRan(since(nanos), sequence, rows, promptTokens, outputs);
    }
  }

  @Override
  public synchronized void sequenceEnded(long nanos, int sequence, int outputs) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.sequenceEnded(since(nanos), sequence, outputs);
    }
  }

  /** A layer with many rows becomes several events. */
  @Override
  public synchronized void rowsRouted(
      long nanos, long step, int layer, int firstRow, int rows, int[] experts, float[] weights) {
    for (int done = 0; done < rows; done += TraceFormat.MAX_ROWS) {
      int count = Math.min(TraceFormat.MAX_ROWS, rows - done);
      if (hasRoomFor(EventEncoder.bound(count * expertsPerToken), since(nanos))) {
        encoder.rowsRouted(
            since(nanos),
            step,
            layer,
            firstRow + done,
            count,
            expertsPerToken,
            done * expertsPerToken,
            experts,
            weights);
      }
    }
  }

  @Override
  public synchronized void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] tokens, float[] weights) {
    if (hasRoomFor(EventEncoder.bound(count), since(nanos))) {
      encoder.routed(since(nanos), step, layer, count, experts, tokens, weights);
    }
  }

  @Override
  public synchronized void predicted(
      long nanos,
      long step,
      int issuedAtLayer,
      int targetLayer,
      int count,
      int[] experts,
      float[] scores) {
    if (hasRoomFor(EventEncoder.bound(count), since(nanos))) {
      encoder.predicted(since(nanos), step, issuedAtLayer, targetLayer, count, experts, scores);
    }
  }

  @Override
  public synchronized void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] outcomes) {
    if (hasRoomFor(EventEncoder.bound(count), since(nanos))) {
      encoder.demanded(since(nanos), step, layer, count, experts, outcomes);
    }
  }

  @Override
  public synchronized void loadIssued(
      long nanos, long load, int layer, int expert, boolean prefetch) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.loadIssued(since(nanos), load, layer, expert, prefetch);
    }
  }

  @Override
  public synchronized void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.loadEnded(
          since(nanos), load, layer, expert, since(startedNanos), bytes, prefetch, result);
    }
  }

  @Override
  public synchronized void evicted(long nanos, int layer, int expert, boolean unused) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.evicted(since(nanos), layer, expert, unused);
    }
  }

  @Override
  public synchronized void demandEnded(long nanos, long step, int layer, long stallNanos) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.demandEnded(since(nanos), step, layer, stallNanos);
    }
  }

  @Override
  public synchronized void stepEnded(long nanos, long step) {
    if (hasRoomFor(EventEncoder.bound(0), since(nanos))) {
      encoder.stepEnded(since(nanos), step);
    }
  }

  /**
   * Writes what is left and the end record. Never throws: what cannot be written is logged, and the
   * file is then refused by readers. Closing twice is harmless; events after closing are dropped.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      TraceChunk last = chunk;
      chunk = null;
      if (last != null && last.events() > 0) {
        submit(last);
      }
    }
    boolean finished = writer.finish();
    IOException failure = finished ? writer.failure() : new IOException("the disk hangs");
    try (file) {
      if (failure == null) {
        synchronized (this) {
          file.end(dropped, lastNanos);
        }
      }
    } catch (IOException e) {
      failure = e;
    }
    report(failure);
  }

  private void report(@Nullable IOException failure) {
    TraceStats stats = stats();
    if (failure != null) {
      LOG.error("The trace {} is incomplete and of no use: {}", stats.file(), failure, failure);
    } else if (stats.dropped() > 0) {
      LOG.warn(
          "The trace {} lacks {} of {} events: the disk was too slow",
          stats.file(),
          stats.dropped(),
          stats.dropped() + stats.events());
    } else {
      LOG.info("Recorded {} events to {}", stats.events(), stats.file());
    }
  }
}
