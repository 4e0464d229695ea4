package dev.drey.runtime.probe;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.plan.AttentionTimes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Measures one kind of attention over a short and a longer context: rows of as many sequences, and
 * rows of one prompt, with what comes before it (positions are embedded, heads normalised, keys and
 * values stored).
 *
 * <p>Each sequence has blocks of its own as far as the budget allows, and every call goes on to
 * another layer or to blocks that were used longer ago, so that keys and values come from as far
 * away as in a step, which goes through the experts between two uses. Contexts end in the middle of
 * a block, as contexts do on average: devices take keys by blocks.
 */
final class AttentionProbe {
  private static final int BLOCK_TOKENS = 64;
  private static final int SHORT = BLOCK_TOKENS / 2;

  /** The longest context measured. */
  static final int LONG = 7 * BLOCK_TOKENS + SHORT;

  /** Enough that nothing is near when it is used again, if the budget has as much. */
  private static final long STORE_BYTES = 256 << 20;

  private static final int SEQUENCES = 32;
  private static final float NORM_EPSILON = 1e-6f;

  private final ComputeStream stream;
  private final AttentionSpec spec;
  private final @Nullable RotaryTable rotary;
  private final boolean normalises;
  private final int shorter;
  private final int longer;
  private final int rows;
  private final int blocksPerSequence;
  private final int sequences;
  private final KvShape shape;
  private final Device device;
  private final MemoryBudget budget;
  private int calls;

  AttentionProbe(
      Device device,
      MemoryBudget budget,
      ModelConfig model,
      AttentionConfig attention,
      ComputeStream stream,
      int maxRows) {
    this.device = device;
    this.budget = budget;
    this.stream = stream;
    KeyRange visible =
        attention instanceof GroupedQueryAttention grouped ? grouped.visible() : KeyRange.ALL;
    int seen = Math.max(visible.window(), visible.chunk());
    int context = Math.min(model.maxPositions(), seen > 0 ? seen : Integer.MAX_VALUE);
    this.shorter = Math.min(SHORT, Math.max(1, context / 2));
    this.longer = Math.min(LONG, context);
    this.rows = Math.min(SEQUENCES, Math.min(maxRows, shorter));
    this.blocksPerSequence = blocks(longer);
    RotaryConfig embedding = attention.rotary();
    this.rotary = embedding == null ? null : RotaryTable.of(embedding, 1);
    this.normalises =
        attention instanceof GroupedQueryAttention grouped && grouped.qkNorm() != QkNorm.NONE;
    if (attention instanceof LatentAttention latent) {
      spec = new AttentionSpec(latent.heads(), (float) latent.scale(), visible, null, true);
    } else {
      GroupedQueryAttention grouped = (GroupedQueryAttention) attention;
      spec = new AttentionSpec(grouped.heads(), (float) grouped.scale(), visible, null, false);
    }
    long free = budget.limitBytes() - budget.usedBytes();
    long bytes = Math.min(STORE_BYTES, free / 2);
    long sequence = device.kvStoreBytes(shape(attention, 1), blocksPerSequence);
    this.sequences = (int) Math.max(1, Math.min(rows, bytes / sequence));
    this.shape = shape(attention, Math.max(1, bytes / (sequences * sequence)));
  }

  private static KvShape shape(AttentionConfig attention, long layers) {
    return new KvShape(
        (int) layers, attention.kvHeads(), attention.keyDim(), attention.valueDim(), BLOCK_TOKENS);
  }

  private static int blocks(int positions) {
    return (positions + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
  }

  /** What a call works on. */
  private record Buffers(
      KvStore store,
      DeviceBuffer queries,
      DeviceBuffer keys,
      DeviceBuffer values,
      DeviceBuffer ones,
      DeviceBuffer out) {}

  AttentionTimes measure() {
    try (KvStore store = device.newKvStore(budget, shape, sequences * blocksPerSequence);
        DeviceBuffer queries = floats(spec.heads() * shape.keyDim());
        DeviceBuffer keys = floats(shape.kvHeads() * shape.keyDim());
        DeviceBuffer values = floats(shape.kvHeads() * shape.valueDim());
        DeviceBuffer ones = floats(shape.keyDim());
        DeviceBuffer out = floats(spec.heads() * shape.valueDim())) {
      Buffers buffers = new Buffers(store, queries, keys, values, ones, out);
      double decodeShort = nanos(buffers, decode(shorter));
      double decodeLong = nanos(buffers, decode(longer));
      double prefillShort = nanos(buffers, List.of(prefill(rows)));
      double prefillLong = nanos(buffers, List.of(prefill(longer)));
      double decodePosition = slope(decodeShort, decodeLong, longer - shorter);
      double prefillPosition = slope(prefillShort, prefillLong, longer - rows);
      return new AttentionTimes(
          Math.max(0, decodeShort / rows - shorter * decodePosition),
          decodePosition,
          Math.max(0, prefillShort / rows - (rows + 1) / 2.0 * prefillPosition),
          prefillPosition);
    }
  }

  private double slope(double before, double after, int positions) {
    return positions <= 0 ? 0 : Math.max(0, (after - before) / rows / positions);
  }

  /** Memory for so many numbers per row; zero. */
  private DeviceBuffer floats(int width) {
    return device.allocate(budget, (long) rows * width * Float.BYTES);
  }

  /**
   * @param batches alike, on other blocks each
   */
  private double nanos(Buffers buffers, List<AttentionBatch> batches) {
    int[] tableRows = new int[rows];
    Norm norm = Norm.rms(buffers.ones(), NORM_EPSILON);
    return Repeats.usualOnceCompiled(
        () -> {
          int call = calls++;
          AttentionBatch batch = batches.get(call % batches.size());
          int layer = call / batches.size() % shape.layers();
          if (normalises) {
            stream.headNorm(buffers.queries(), rows, spec.heads(), shape.keyDim(), norm);
            stream.headNorm(buffers.keys(), rows, shape.kvHeads(), shape.keyDim(), norm);
          }
          if (rotary != null) {
            stream.rotary(buffers.queries(), rows, spec.heads(), shape.keyDim(), tableRows, rotary);
            stream.rotary(buffers.keys(), rows, shape.kvHeads(), shape.keyDim(), tableRows, rotary);
          }
          stream.writeKv(buffers.store(), layer, buffers.keys(), buffers.values(), batch);
          stream.attention(buffers.queries(), spec, buffers.store(), layer, batch, buffers.out());
          stream.record().await();
        });
  }

  /** A row each of several sequences, which attend to so many positions. */
  private List<AttentionBatch> decode(int context) {
    int each = blocks(context);
    List<AttentionBatch> batches = new ArrayList<>();
    for (int from = 0; from + each <= blocksPerSequence; from += each) {
      List<Span> spans = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        int[] table = table(row % sequences * blocksPerSequence + from, each);
        spans.add(new Span(row, 1, context - 1, table, -1));
      }
      batches.add(new AttentionBatch(spans));
    }
    return batches;
  }

  /** The last rows of a prompt. */
  private AttentionBatch prefill(int length) {
    int[] table = table(0, blocksPerSequence);
    return new AttentionBatch(List.of(new Span(0, rows, length - rows, table, -1)));
  }

  private static int[] table(int first, int count) {
    int[] blocks = new int[count];
    Arrays.setAll(blocks, block -> first + block);
    return blocks;
  }
}
