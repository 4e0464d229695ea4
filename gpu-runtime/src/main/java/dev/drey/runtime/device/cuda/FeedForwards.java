package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertBias;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.GatedUnit;
import dev.drey.runtime.model.MatrixShape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Gated feed-forward networks: the tokens of all experts of a call side by side in the work area,
 * gate and up projection with the activation in one kernel, the down projection in another. The
 * kernels find an expert's weights through a table of addresses, so a launch takes as many experts
 * as there are and cares not which slots they lie in.
 *
 * <p>Each expert's tokens are cut into tiles of the variant for their number; experts with the same
 * variant share a launch.
 */
final class FeedForwards {
  /** Bytes of tables per token: where it is read and written, its factor; a tile for every one. */
  private static final int TABLE_BYTES_PER_TOKEN = 28;

  /** Bytes of tables per expert. */
  private static final int TABLE_BYTES_PER_EXPERT = 64;

  /** Some tokens of an expert, {@code from} to {@code from + tokens}. */
  private record Piece(ExpertBatch batch, int from, int tokens) {}

  private final StreamState state;
  private final Products products;
  private final GatedUnit unit;
  private final List<ProductKernel> gateUps;
  private final List<ProductKernel> downs;
  private final int activationBytes;

  FeedForwards(StreamState state, Products products) {
    this.state = state;
    this.products = products;
    this.unit = state.plan().model().moe().unit();
    this.gateUps = ProductKernel.gateUp(state.activation());
    this.downs = ProductKernel.matmul(state.activation());
    this.activationBytes = state.activation().bytes();
  }

  /** See {@link dev.drey.runtime.device.ComputeStream#experts}. */
  void run(DeviceBuffer input, Iterable<ExpertBatch> batches, DeviceBuffer out) {
    List<Piece> pieces = new ArrayList<>();
    int filled = 0;
    for (ExpertBatch batch : batches) {
      state.checkCancelled();
      if (!pieces.isEmpty() && !isLike(batch, pieces.get(0).batch)) {
        run(input, pieces, filled, out);
        pieces.clear();
        filled = 0;
      }
      int most = capacity(batch);
      for (int from = 0; from < batch.tokens(); ) {
        int taken = Math.min(batch.tokens() - from, most - filled);
        if (taken > 0) {
          pieces.add(new Piece(batch, from, taken));
          filled += taken;
          from += taken;
        }
        if (filled == most || pieces.size() == mostPieces()) {
          run(input, pieces, filled, out);
          pieces.clear();
          filled = 0;
        }
      }
    }
    if (!pieces.isEmpty()) {
      run(input, pieces, filled, out);
    }
  }

  /** Whether two experts can share launches. */
  private static boolean isLike(ExpertBatch one, ExpertBatch other) {
    return shape(one).equals(shape(other))
        && (one.inputScales() == null) == (other.inputScales() == null);
  }

  private static ExpertShape shape(ExpertBatch batch) {
    MatrixShape gate = batch.expert().layout().gate().shape();
    return new ExpertShape(gate.inputs(), gate.outputs());
  }

  /** Most tokens in one go: what the work area and half a ring of tables hold. */
  private int capacity(ExpertBatch batch) {
    ExpertShape shape = shape(batch);
    long width = (long) shape.intermediate() + (batch.inputScales() == null ? 0 : shape.hidden());
    long fitting = (state.plan().workBytes() - 512) / (width * activationBytes);
    int tables = state.tables().capacity() / 2 / TABLE_BYTES_PER_TOKEN;
    if (fitting < 1) {
      throw new IllegalArgumentException(
          "an expert of %s; this stream was not opened for one as wide".formatted(shape));
    }
    return (int) Math.min(fitting, tables);
  }

  private int mostPieces() {
    return state.tables().capacity() / 4 / TABLE_BYTES_PER_EXPERT;
  }

  private void run(DeviceBuffer input, List<Piece> pieces, int tokens, DeviceBuffer out) {
    ExpertShape shape = shape(pieces.get(0).batch);
    int hidden = shape.hidden();
    int width = shape.intermediate();
    long between = state.work();
    Products.Source source =
        new Products.Source(CudaBuffer.of(input).address(), hidden, 0, inputRows(pieces, input));
    if (pieces.get(0).batch.inputScales() != null) {
      long scaled = between + StreamPlan.align((long) tokens * width * activationBytes);
      scale(source, pieces, tokens, hidden, scaled);
      source = Products.Source.rows(scaled, hidden);
    }
    long outRows = outputRows(pieces, hidden, out);
    long gateUpGroups = gateUpGroups(pieces);
    long downGroups = downGroups(pieces);
    List<Products.Tiles> tiles = tiles(pieces);
    for (int variant = 0; variant < tiles.size(); variant++) {
      Products.Tiles some = tiles.get(variant);
      if (some.count() > 0) {
        state.checkCancelled();
        gateUp(gateUps.get(variant), source, gateUpGroups, some, hidden, width, between);
        products.matmul(
            downs.get(variant),
            Products.Source.rows(between, width),
            downGroups,
            some,
            width,
            hidden,
            new Products.Target(CudaBuffer.of(out).address(), hidden, 0, outRows, false));
      }
    }
  }

  private long inputRows(List<Piece> pieces, DeviceBuffer input) {
    int hidden = shape(pieces.get(0).batch).hidden();
    long rows = input.bytes() / activationBytes / hidden;
    ByteBuffer table = state.tables().fresh();
    for (Piece piece : pieces) {
      for (int i = 0; i < piece.tokens; i++) {
        putRow(table, piece.batch.inputRows()[piece.from + i], rows);
      }
    }
    return state.tables().put();
  }

  private long outputRows(List<Piece> pieces, int hidden, DeviceBuffer out) {
    long rows = out.bytes() / Float.BYTES / hidden;
    ByteBuffer table = state.tables().fresh();
    for (Piece piece : pieces) {
      for (int i = 0; i < piece.tokens; i++) {
        putRow(table, piece.batch.outputRows()[piece.from + i], rows);
      }
    }
    return state.tables().put();
  }

  private static void putRow(ByteBuffer table, int row, long rows) {
    if (row < 0 || row >= rows) {
      throw new IndexOutOfBoundsException(
          "row %d of %d of an expert's tokens".formatted(row, rows));
    }
    table.putInt(row);
  }

  private void scale(
      Products.Source source, List<Piece> pieces, int tokens, int hidden, long scaled) {
    ByteBuffer table = state.tables().fresh();
    for (Piece piece : pieces) {
      float[] scales = piece.batch.inputScales();
      for (int i = 0; scales != null && i < piece.tokens; i++) {
        table.putFloat(scales[piece.from + i]);
      }
    }
    long factors = state.tables().put();
    state
        .launch(state.typedKernel("scale_gather"))
        .address(source.address())
        .address(source.map())
        .address(factors)
        .number(tokens)
        .number(hidden)
        .address(scaled)
        .run(tokens, 256);
  }

  private long gateUpGroups(List<Piece> pieces) {
    ByteBuffer table = state.tables().fresh();
    for (Piece piece : pieces) {
      Expert expert = piece.batch.expert();
      ExpertBias bias = piece.batch.bias();
      int width = shape(piece.batch).intermediate();
      long slot = CudaBuffer.address(expert.slot(), expert.layout().bytes());
      table.putLong(slot).putLong(slot + expert.layout().upOffset());
      table.putLong(bias == null ? 0 : RowOperations.addressOrNull(bias.gate(), width));
      table.putLong(bias == null ? 0 : RowOperations.addressOrNull(bias.up(), width));
    }
    return state.tables().put();
  }

  private long downGroups(List<Piece> pieces) {
    ByteBuffer table = state.tables().fresh();
    for (Piece piece : pieces) {
      Expert expert = piece.batch.expert();
      ExpertBias bias = piece.batch.bias();
      table.putLong(CudaBuffer.of(expert.slot()).address() + expert.layout().downOffset());
      table.putLong(
          bias == null ? 0 : RowOperations.addressOrNull(bias.down(), shape(piece.batch).hidden()));
    }
    return state.tables().put();
  }

  /** The tiles of all pieces by variant, in one table. */
  private List<Products.Tiles> tiles(List<Piece> pieces) {
    ByteBuffer table = state.tables().fresh();
    int[] starts = new int[gateUps.size() + 1];
    for (int variant = 0; variant < gateUps.size(); variant++) {
      int first = 0;
      for (int group = 0; group < pieces.size(); group++) {
        int tokens = pieces.get(group).tokens;
        if (ProductKernel.index(gateUps, tokens) == variant) {
          putTiles(table, group, first, tokens, gateUps.get(variant).rows());
        }
        first += tokens;
      }
      starts[variant + 1] = table.position() / 12;
    }
    long address = state.tables().put();
    List<Products.Tiles> tiles = new ArrayList<>();
    for (int variant = 0; variant < gateUps.size(); variant++) {
      tiles.add(
          new Products.Tiles(
              address + starts[variant] * 12L, starts[variant + 1] - starts[variant]));
    }
    return tiles;
  }

  private static void putTiles(ByteBuffer table, int group, int first, int tokens, int rows) {
    for (int from = 0; from < tokens; from += rows) {
      table.putInt(group).putInt(first + from).putInt(Math.min(rows, tokens - from));
    }
  }

  private void gateUp(
      ProductKernel variant,
      Products.Source source,
      long groups,
      Products.Tiles tiles,
      int inputs,
      int outputs,
      long out) {
    state
        .launch(state.kernel(variant.name()))
        .address(source.address())
        .number(source.rowStride())
        .address(source.map())
        .address(groups)
        .address(tiles.address())
        .number(inputs)
        .number(outputs)
        .address(out)
        .number((long) outputs)
        .number(unit.alpha())
        .number(unit.limit())
        .number(unit.shift())
        .run(variant.grid(inputs, outputs, tiles.count()));
  }
}
