package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Stores keys and values in their packed form. A piece of work is one key/value head of one span,
 * so that no two pieces touch the same bytes.
 *
 * <p>The first token of a block clears the block's values: what an earlier sequence left there is
 * never multiplied, not even by zero (a NaN would show).
 */
final class KvWriter implements ThreadTeam.Work {
  private static final byte[] ZEROS = new byte[4096];

  private final StreamState state;
  private CpuKvStore store;
  private int layer;
  private List<AttentionBatch.Span> spans = List.of();
  private FloatBuffer keys = FloatBuffer.allocate(0);
  private FloatBuffer values = FloatBuffer.allocate(0);

  @SuppressWarnings("NullAway.Init") // the store is set by every call
  KvWriter(StreamState state) {
    this.state = state;
  }

  void run(
      CpuKvStore target,
      int targetLayer,
      DeviceBuffer newKeys,
      DeviceBuffer newValues,
      AttentionBatch batch) {
    store = target;
    layer = targetLayer;
    spans = batch.spans();
    keys = NativeBuffer.of(newKeys).floats();
    values = NativeBuffer.of(newValues).floats();
    state.run(spans.size() * store.shape().kvHeads(), this);
  }

  @Override
  public void run(int workerIndex, int piece) {
    int heads = store.shape().kvHeads();
    int keyDim = store.shape().keyDim();
    int valueDim = store.shape().valueDim();
    KvFormat format = store.format();
    AttentionBatch.Span span = spans.get(piece / heads);
    int head = piece % heads;
    float[] row = state.worker(workerIndex).row(Math.max(keyDim, valueDim));
    for (int i = 0; i < span.rows(); i++) {
      int position = span.startPosition() + i;
      int block = span.blockTable()[position / KvFormat.BLOCK_TOKENS];
      int token = position % KvFormat.BLOCK_TOKENS;
      ByteBuffer memory = store.segment(layer, block);
      int at = store.within(layer, block);
      int from = (span.firstRow() + i) * heads + head;
      if (token == 0) {
        clear(memory, at + format.valuesOf(head), format.valueBytesPerHead());
      }
      keys.get(from * keyDim, row, 0, keyDim);
      put(memory, at + format.keysOf(head), format.keyToken()[token], format.keyDimension(), row);
      values.get(from * valueDim, row, 0, valueDim);
      put(
          memory,
          at + format.valuesOf(head),
          format.valueToken()[token],
          format.valueDimension(),
          row);
    }
  }

  private static void clear(ByteBuffer memory, int at, int bytes) {
    for (int done = 0; done < bytes; done += ZEROS.length) {
      memory.put(at + done, ZEROS, 0, Math.min(ZEROS.length, bytes - done));
    }
  }

  private void put(ByteBuffer memory, int at, int token, int[] dimensions, float[] row) {
    if (store.format().type() == DType.F32) {
      for (int i = 0; i < dimensions.length; i++) {
        memory.putFloat(at + (token + dimensions[i]) * Float.BYTES, row[i]);
      }
    } else {
      for (int i = 0; i < dimensions.length; i++) {
        memory.putShort(at + (token + dimensions[i]) * Short.BYTES, BFloat16.toBits(row[i]));
      }
    }
  }
}
