package dev.drey.runtime.device.cuda;

import java.nio.ByteBuffer;
import java.util.List;

/** Launches products with weights over tiles of rows. */
final class Products {
  /** Most tiles that one launch takes. */
  static final int MOST_TILES = 65_535;

  /**
   * Where rows are read: {@code address + (group * groupStride + map(row) * rowStride)} numbers.
   *
   * @param map address of which row is read for each, 0 for the same
   */
  record Source(long address, long rowStride, long groupStride, long map) {
    /** Rows one behind the other. */
    static Source rows(long address, long width) {
      return new Source(address, width, 0, 0);
    }
  }

  /**
   * Where float32 rows are written, as in {@link Source}.
   *
   * @param accumulate whether they are added to what is there
   */
  record Target(long address, long rowStride, long groupStride, long map, boolean accumulate) {}

  /**
   * Tiles of rows.
   *
   * @param address of {@code {group, first, count}} per tile
   * @param count how many
   */
  record Tiles(long address, int count) {}

  private final StreamState state;

  Products(StreamState state) {
    this.state = state;
  }

  /** Tiles of so many rows of each of some groups. */
  Tiles tiles(int rows, int groups, int rowsPerTile) {
    ByteBuffer table = state.tables().fresh();
    int count = 0;
    for (int group = 0; group < groups; group++) {
      for (int first = 0; first < rows; first += rowsPerTile) {
        table.putInt(group).putInt(first).putInt(Math.min(rowsPerTile, rows - first));
        count++;
      }
    }
    return new Tiles(state.tables().putKnown(), count);
  }

  /** {@code target = source · Wᵀ + bias} for the groups' weights and biases. */
  void matmul(
      ProductKernel variant,
      Source source,
      long groups,
      Tiles tiles,
      int inputs,
      int outputs,
      Target target) {
    if (tiles.count() > MOST_TILES) {
      throw new IllegalArgumentException(
          "%d tiles of %d rows in one product; the cuda device takes %d"
              .formatted(tiles.count(), variant.rows(), MOST_TILES));
    }
    state
        .launch(state.kernel(variant.name()))
        .address(source.address())
        .number(source.rowStride())
        .number(source.groupStride())
        .address(source.map())
        .address(groups)
        .address(tiles.address())
        .number(inputs)
        .number(outputs)
        .address(target.address())
        .number(target.rowStride())
        .number(target.groupStride())
        .address(target.map())
        .number(target.accumulate() ? 1 : 0)
        .run(variant.grid(inputs, outputs, tiles.count()));
  }

  /** The variant for so many rows. */
  static ProductKernel variant(List<ProductKernel> variants, int rows) {
    return variants.get(ProductKernel.index(variants, rows));
  }
}
