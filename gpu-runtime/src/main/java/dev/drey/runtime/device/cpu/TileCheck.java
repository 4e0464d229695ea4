package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.DType;
import java.util.function.Function;

/**
 * Verifies on this machine what the whole device rests on: products are right, and a row of one has
 * the same bits in every row tile, at every position, beside any other rows, and in a batch as
 * alone. Every product is compared with the one for the smallest tile on random numbers of very
 * different size.
 */
final class TileCheck {
  private static final int ROWS = RowTiles.LARGEST;
  private static final byte NAN = (byte) 0xff;

  private final OneDnn library;
  private final Function<MatmulSpec, Product> products;

  TileCheck(OneDnn library, Function<MatmulSpec, Product> products) {
    this.library = library;
    this.products = products;
  }

  /**
   * Checks all products of a plan that this library has not checked before.
   *
   * @throws IllegalStateException if numbers are wrong or bits differ
   */
  void check(StreamPlan plan) {
    plan.products()
        .forEach(
            (spec, tiles) -> {
              if (!library.isVerified(spec, tiles)) {
                check(spec);
                library.verified(spec, tiles);
              }
            });
  }

  /** Checks one product. */
  void check(MatmulSpec spec) {
    if (!ValueCheck.isRight(library, spec, library.format(spec.weights()))) {
      throw new IllegalStateException(
          "oneDNN %s (instruction set %s) computes a %s wrongly; use another compute type"
              .formatted(OneDnn.version(), OneDnn.isa(), spec));
    }
    Product alone = products.apply(spec.withBatch(Math.min(spec.batch(), 1)));
    try (Trial trial = new Trial(library, products.apply(spec), alone)) {
      trial.run();
    }
  }

  /** The comparison of one product's tiles. */
  private static final class Trial implements AutoCloseable {
    private final Product product;
    private final Product alone;
    private final MatmulSpec spec;
    private final int sourceRow;
    private final int outRow;
    private final int multiplierRow;
    private final long weightBytes;
    private final TrialMemory memory;
    private final long source;
    private final long weights;
    private final long multiplier;
    private final long initial;
    private final long expected;
    private final long input;
    private final long output;

    Trial(OneDnn library, Product product, Product alone) {
      this.product = product;
      this.alone = alone;
      this.spec = product.spec();
      this.sourceRow = spec.inputs() * spec.source().bytes();
      this.outRow = spec.outStride() * spec.out().bytes();
      this.multiplierRow = spec.outStride() * Float.BYTES;
      this.weightBytes = library.format(spec.weights()).bytes();
      long rows = (long) ROWS * spec.products();
      long sources = rows * sourceRow;
      long multipliers = rows * multiplierRow;
      long outs = rows * outRow;
      this.memory = new TrialMemory(sources, weightBytes, multipliers, outs, outs, sources, outs);
      this.source = memory.random(sources, spec.source(), 1);
      this.weights = memory.random(weightBytes, spec.weight(), 2);
      this.multiplier = memory.random(multipliers, DType.F32, 3);
      this.initial = memory.random(outs, spec.out(), 4);
      this.expected = memory.take(outs);
      this.input = memory.take(sources);
      this.output = memory.take(outs);
      TrialMemory.copy(initial, expected, outs);
    }

    void run() {
      computeExpected();
      for (int tile = 0; tile < product.tiles(); tile++) {
        int rows = RowTiles.SIZES[tile];
        for (int next = 0; next < ROWS; next += rows) {
          int first = Math.min(next, ROWS - rows);
          execute(tile, first, false);
          for (int row = 0; row < rows; row++) {
            compare(tile, row, first + row);
          }
        }
        execute(tile, 0, true);
        compare(tile, rows / 2, rows / 2);
      }
    }

    private void computeExpected() {
      MatmulCall call = alone.call(0, 0);
      for (int part = 0; part < spec.products(); part++) {
        long partWeights = weights + part * (weightBytes / spec.products());
        for (int first = 0; first < ROWS; first += RowTiles.SIZES[0]) {
          long row = (long) part * ROWS + first;
          call(
              call,
              source + row * sourceRow,
              partWeights,
              expected + row * outRow,
              multiplier + row * multiplierRow);
        }
      }
    }

    /** Runs rows {@code first...} of every part; with lonely, all but the middle row are NaN. */
    private void execute(int tile, int first, boolean lonely) {
      int rows = RowTiles.SIZES[tile];
      int middle = rows / 2;
      for (int part = 0; part < spec.products(); part++) {
        long from = (long) part * ROWS + first;
        long to = (long) part * rows;
        TrialMemory.copy(
            source + from * sourceRow, input + to * sourceRow, (long) rows * sourceRow);
        TrialMemory.copy(initial + from * outRow, output + to * outRow, (long) rows * outRow);
        if (lonely) {
          TrialMemory.set(input + to * sourceRow, NAN, (long) middle * sourceRow);
          TrialMemory.set(
              input + (to + middle + 1) * sourceRow, NAN, (long) (rows - middle - 1) * sourceRow);
        }
      }
      call(
          product.call(0, tile), input, weights, output, multiplier + (long) first * multiplierRow);
    }

    private void call(MatmulCall call, long from, long by, long to, long times) {
      if (spec.post() == MatmulSpec.Post.SILU_MULTIPLY) {
        call.run(from, by, to, times);
      } else {
        call.run(from, by, to);
      }
    }

    private void compare(int tile, int row, int expectedRow) {
      int rows = RowTiles.SIZES[tile];
      long bytes = (long) spec.outputs() * spec.out().bytes();
      for (int part = 0; part < spec.products(); part++) {
        long computed = output + ((long) part * rows + row) * outRow;
        long wanted = expected + ((long) part * ROWS + expectedRow) * outRow;
        if (!TrialMemory.same(computed, wanted, bytes)) {
          throw new IllegalStateException(
              ("oneDNN %s (instruction set %s) gives a row of a %s other bits among %d rows than"
                      + " among %d, so results would depend on the batch; use the other compute"
                      + " type or the reference device on this machine")
                  .formatted(OneDnn.version(), OneDnn.isa(), spec, rows, RowTiles.SIZES[0]));
        }
      }
    }

    @Override
    public void close() {
      memory.close();
    }
  }
}
