package dev.drey.runtime.probe;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures how fast all compute threads together read memory: each compares two equal pieces of its
 * own, which the JDK does with wide loads and nothing else. Independent of the device's kernels, so
 * that a slow kernel cannot lower the floor it is held against.
 */
final class MemoryProbe implements AutoCloseable {
  private static final int PASSES = 4;
  private static final byte FILL = 0x55;

  private final List<HostBuffer> buffers = new ArrayList<>();
  private final int threads;
  private final int pieceBytes;

  /**
   * @param wantedBytes working set, cut to half of the budget
   */
  MemoryProbe(Device device, MemoryBudget budget, int threads, long wantedBytes) {
    this.threads = threads;
    long total = Math.min(wantedBytes, budget.limitBytes() / 2);
    this.pieceBytes = Math.toIntExact(Math.max(1 << 20, total / (2L * threads)));
    try {
      for (int i = 0; i < 2 * threads; i++) {
        buffers.add(device.allocateHost(budget, pieceBytes));
      }
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
  }

  /** Bytes read in one pass. */
  long workingSetBytes() {
    return 2L * threads * pieceBytes;
  }

  /** Bytes per second of the best of a few passes. */
  double measure() {
    try (Workers workers = new Workers(threads)) {
      workers.nanos(this::fill);
      long best = Long.MAX_VALUE;
      for (int pass = 0; pass < PASSES; pass++) {
        best = Math.min(best, workers.nanos(this::read));
      }
      return workingSetBytes() * 1e9 / best;
    }
  }

  private ByteBuffer piece(int worker, int half) {
    return buffers.get(2 * worker + half).bytes();
  }

  /** Memory that was never written is one page of zeros, however large. */
  private void fill(int worker) {
    byte[] chunk = new byte[1 << 16];
    Arrays.fill(chunk, FILL);
    for (int half = 0; half < 2; half++) {
      ByteBuffer piece = piece(worker, half);
      while (piece.hasRemaining()) {
        piece.put(chunk, 0, Math.min(chunk.length, piece.remaining()));
      }
    }
  }

  private void read(int worker) {
    int at = piece(worker, 0).mismatch(piece(worker, 1));
    if (at >= 0) {
      throw new IllegalStateException("memory was changed while it was measured, at byte " + at);
    }
  }

  @Override
  public void close() {
    buffers.forEach(HostBuffer::close);
  }
}
