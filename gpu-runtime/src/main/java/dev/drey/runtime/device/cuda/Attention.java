package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Paged attention. A tile is up to 16 queries that read the same keys: the heads of a key/value
 * head's group, of one row or of several in a row. It walks all keys they see, in segments of
 * {@value #SEGMENT} from position 0.
 *
 * <p>A long chunk of prefill is cut into tiles of {@value #MANY_QUERIES} queries where there is a
 * kernel for them, so that keys are read less often.
 *
 * <p>Where there are too few tiles to keep the GPU busy, those that see several segments are spread
 * over one block per segment, whose partial results are merged in order. The bits are the same (Dao
 * et al., "Flash-Decoding"; here with fixed segments, so that the split follows from positions
 * alone).
 */
final class Attention {
  private static final int SEGMENT = 1024;
  private static final int THREADS = 256;
  private static final int WRITE_THREADS = 128;
  private static final int WHOLE = -1;
  private static final int MANY_QUERIES = 64;

  /** Spans of fewer queries are cut into tiles of the usual size. */
  private static final int LONG_SPAN = 4 * MANY_QUERIES;

  /** Values of more numbers than this have kernels of their own. */
  private static final int NARROW = 128;

  /** Queries {@code first} to {@code first + count} of a span. */
  private record Tile(int span, int first, int count, int firstSegment, int segments) {}

  private final StreamState state;
  private final int processors;

  /**
   * @param processors multiprocessors of the GPU
   */
  Attention(StreamState state, int processors) {
    this.state = state;
    this.processors = processors;
  }

  /** See {@link dev.drey.runtime.device.ComputeStream#writeKv}. */
  void write(
      CudaKvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch) {
    KvShape shape = store.shape();
    SpanTables.forEach(
        state,
        batch,
        shape.blockTokens(),
        store.blocks(),
        part -> {
          long rows = part.rows();
          long width = shape.kvHeads();
          long from = CudaBuffer.address(keys, rows * width * shape.keyDim() * Float.BYTES);
          long valuesAt = CudaBuffer.address(values, rows * width * shape.valueDim() * Float.BYTES);
          state
              .launch(state.typedKernel("write_kv"))
              .address(from)
              .address(valuesAt)
              .address(part.table())
              .address(part.blocks())
              .number(shape.kvHeads())
              .number(shape.keyDim())
              .number(shape.valueDim())
              .address(store.layer(layer))
              .run(Grid.of(part.longest(), part.spans().size(), WRITE_THREADS));
        });
  }

  /** See {@link dev.drey.runtime.device.ComputeStream#attention}. */
  void attend(
      DeviceBuffer queries,
      AttentionSpec spec,
      CudaKvStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out) {
    KvShape shape = store.shape();
    SpanTables.forEach(
        state,
        batch,
        shape.blockTokens(),
        store.blocks(),
        part -> {
          state.checkCancelled();
          Call call = new Call(queries, spec, store, layer, part, out);
          int most = state.tables().capacity() / 4 / 16;
          forEach(call.tiles(false), most, call::run);
          forEach(call.tiles(true), most, call::runMany);
        });
  }

  private static void forEach(List<Tile> tiles, int most, Consumer<List<Tile>> action) {
    for (int from = 0; from < tiles.size(); from += most) {
      action.accept(tiles.subList(from, Math.min(tiles.size(), from + most)));
    }
  }

  /** One call's arguments that all its launches have in common. */
  private final class Call {
    private final AttentionSpec spec;
    private final KvShape shape;
    private final SpanTables part;
    private final DType type;
    private final long queries;
    private final long keysAndValues;
    private final long sinks;
    private final long out;

    Call(
        DeviceBuffer queries,
        AttentionSpec spec,
        CudaKvStore store,
        int layer,
        SpanTables part,
        DeviceBuffer out) {
      this.spec = spec;
      this.shape = store.shape();
      this.part = part;
      this.type = spec.floatOutput() ? DType.F32 : state.activation();
      long heads = (long) part.rows() * spec.heads();
      this.queries = CudaBuffer.address(queries, heads * shape.keyDim() * Float.BYTES);
      this.keysAndValues = store.layer(layer);
      this.sinks = RowOperations.addressOrNull(spec.sinks(), spec.heads());
      this.out = CudaBuffer.address(out, heads * shape.valueDim() * type.bytes());
    }

    /** The spans' tiles, of those spans that are cut into larger ones or of the others. */
    List<Tile> tiles(boolean many) {
      int group = spec.heads() / shape.kvHeads();
      int most = many ? MANY_QUERIES : StreamPlan.TILE_QUERIES;
      boolean hasKernel = state.activation() == DType.BF16 && shape.valueDim() <= NARROW;
      List<Tile> tiles = new ArrayList<>();
      for (int span = 0; span < part.spans().size(); span++) {
        int start = part.spans().get(span).startPosition();
        int queries = Math.multiplyExact(part.spans().get(span).rows(), group);
        if ((hasKernel && queries >= LONG_SPAN) != many) {
          continue;
        }
        for (int first = 0; first < queries; first += most) {
          int count = Math.min(most, queries - first);
          int firstKey = spec.visible().first(start + first / group);
          int lastKey = start + (first + count - 1) / group;
          int segment = firstKey / SEGMENT;
          tiles.add(new Tile(span, first, count, segment, lastKey / SEGMENT - segment + 1));
        }
      }
      return tiles;
    }

    /** Tiles of many queries walk all their keys. */
    void runMany(List<Tile> tiles) {
      ByteBuffer table = state.tables().fresh();
      for (Tile tile : tiles) {
        put(table, tile, WHOLE);
      }
      long tileTable = state.tables().putKnown();
      Kernel kernel = state.kernel(state.typedKernel("attention").name() + "_many");
      attend(kernel, MANY_QUERIES, tileTable, tiles.size(), false);
    }

    void run(List<Tile> tiles) {
      ByteBuffer merges = ByteBuffer.allocate(tiles.size() * 20).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer table = state.tables().fresh();
      int partial = split(tiles, table, merges);
      int count = table.position() / 16;
      long tileTable = state.tables().putKnown();
      attend(kernel(), StreamPlan.TILE_QUERIES, tileTable, count, partial > 0);
      if (partial > 0) {
        int merged = merges.position() / 20;
        state.tables().fresh().put(merges.flip());
        merge(state.tables().putKnown(), merged);
      }
    }

    /** Writes tiles with segments, then the others; returns how many have one. */
    private int split(List<Tile> tiles, ByteBuffer table, ByteBuffer merges) {
      boolean busy = tiles.size() * shape.kvHeads() >= 2 * processors;
      int most = StreamPlan.PARTIAL_TILES / shape.kvHeads();
      int partial = 0;
      List<Tile> whole = new ArrayList<>();
      for (Tile tile : tiles) {
        if (busy || tile.segments == 1 || partial + tile.segments > most) {
          whole.add(tile);
          continue;
        }
        merges.putInt(tile.span).putInt(tile.first).putInt(tile.count);
        merges.putInt(partial).putInt(tile.segments);
        for (int i = 0; i < tile.segments; i++) {
          put(table, tile, tile.firstSegment + i);
        }
        partial += tile.segments;
      }
      for (Tile tile : whole) {
        put(table, tile, WHOLE);
      }
      return partial;
    }

    private void put(ByteBuffer table, Tile tile, int segment) {
      table.putInt(tile.span).putInt(tile.first).putInt(tile.count).putInt(segment);
    }

    /** The tensor cores' operands: keys and both terms of the queries, then values. */
    private int sharedBytes(int queries) {
      int keys = (shape.keyDim() + 31) / 32 * 32;
      int values = (shape.valueDim() + 15) / 16 * 16;
      return state.activation() == DType.F32 ? 0 : (128 + 4 * queries) * keys + 128 * values;
    }

    private Kernel kernel() {
      Kernel narrow = state.typedKernel("attention");
      return shape.valueDim() <= NARROW ? narrow : state.kernel(narrow.name() + "_wide");
    }

    private void attend(Kernel kernel, int most, long tiles, int count, boolean partial) {
      int shared = sharedBytes(most);
      state
          .launch(state.withSharedMemory(kernel, shared))
          .address(queries)
          .address(keysAndValues)
          .address(part.table())
          .address(part.blocks())
          .address(tiles)
          .number(spec.heads())
          .number(shape.kvHeads())
          .number(shape.keyDim())
          .number(shape.valueDim())
          .number(spec.scale())
          .number(spec.visible().window())
          .number(spec.visible().chunk())
          .address(sinks)
          .address(out)
          .number(spec.floatOutput() ? 1 : 0)
          .address(partial ? state.work() : 0)
          .run(new Grid(count, shape.kvHeads(), 1, THREADS, 1, shared));
    }

    private void merge(long merges, int count) {
      state
          .launch(state.typedKernel("attention_merge"))
          .address(state.work())
          .address(part.table())
          .address(merges)
          .number(spec.heads())
          .number(shape.kvHeads())
          .number(shape.valueDim())
          .address(sinks)
          .address(out)
          .number(spec.floatOutput() ? 1 : 0)
          .run(Grid.of(count, shape.kvHeads(), THREADS));
    }
  }
}
