package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.DType;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;

/**
 * Verifies on this machine what the whole device rests on: a row of a product has the same bits in
 * every row tile, at every position, beside any other rows, and in a batch as alone. Every product
 * is compared with the one for the smallest tile on random numbers of very different size.
 *
 * <p>The check's own memory, a few MiB, is freed before the stream is used and not charged.
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
   * @throws IllegalStateException if bits differ
   */
  void check(StreamPlan plan) {
    plan.products()
        .forEach(
            (spec, tiles) -> {
              if (!library.isVerified(spec, tiles)) {
                MatmulSpec alone = spec.withBatch(Math.min(spec.batch(), 1));
                try (Trial trial =
                    new Trial(library, products.apply(spec), products.apply(alone))) {
                  trial.run();
                }
                library.verified(spec, tiles);
              }
            });
  }

  /** The check of one product. */
  private static final class Trial implements AutoCloseable {
    private final Product product;
    private final Product alone;
    private final MatmulSpec spec;
    private final int sourceRow;
    private final int outRow;
    private final int multiplierRow;
    private final long weightBytes;
    private final long aloneWeightBytes;
    private final Pointer memory;
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
      this.multiplierRow = spec.outputs() * Float.BYTES;
      this.weightBytes = library.format(spec.weights()).bytes();
      this.aloneWeightBytes = weightBytes / spec.products();
      long rows = (long) ROWS * spec.products();
      long[] sizes = {
        rows * sourceRow,
        weightBytes,
        rows * multiplierRow,
        rows * outRow,
        rows * outRow,
        rows * sourceRow,
        rows * outRow
      };
      long total = 64;
      for (long size : sizes) {
        total += align(size);
      }
      this.memory = Pointer.calloc(1, total);
      if (memory == null || memory.isNull()) {
        throw new OutOfMemoryError(total + " bytes to verify a " + spec);
      }
      this.source = align(memory.address());
      this.weights = source + align(sizes[0]);
      this.multiplier = weights + align(sizes[1]);
      this.initial = multiplier + align(sizes[2]);
      this.expected = initial + align(sizes[3]);
      this.input = expected + align(sizes[4]);
      this.output = input + align(sizes[5]);
      fill(source, sizes[0], spec.source(), 1);
      fill(weights, weightBytes, spec.weight(), 2);
      fill(multiplier, sizes[2], DType.F32, 3);
      fill(initial, sizes[3], spec.out(), 4);
    }

    private static long align(long bytes) {
      return (bytes + 63) / 64 * 64;
    }

    /** Random numbers from 2^-15 to 2, either sign. */
    private static void fill(long at, long bytes, DType type, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      java.nio.ByteBuffer buffer = view(at, bytes);
      for (int i = 0; i + type.bytes() <= bytes; i += type.bytes()) {
        int sign = random.nextInt(2) << 31;
        int bits = sign | (112 + random.nextInt(16)) << 23 | random.nextInt(1 << 23);
        if (type == DType.F32) {
          buffer.putInt(i, bits);
        } else {
          buffer.putShort(i, (short) (bits >>> 16));
        }
      }
    }

    private static java.nio.ByteBuffer view(long at, long bytes) {
      org.bytedeco.javacpp.BytePointer pointer =
          new org.bytedeco.javacpp.BytePointer(new Address().at(at));
      pointer.capacity(bytes);
      return pointer.asByteBuffer().order(java.nio.ByteOrder.LITTLE_ENDIAN);
    }

    void run() {
      computeExpected();
      for (int tile = 0; tile < product.tiles(); tile++) {
        int rows = RowTiles.SIZES[tile];
        for (int first = 0; first < ROWS; first += rows) {
          execute(tile, first, false);
          for (int row = 0; row < rows; row++) {
            compare(tile, row, first + row);
          }
        }
        int middle = rows / 2;
        execute(tile, 0, true);
        compare(tile, middle, middle);
      }
    }

    private void computeExpected() {
      int rows = RowTiles.SIZES[0];
      copy(initial, expected, (long) ROWS * spec.products() * outRow);
      MatmulCall call = alone.call(0, 0);
      for (int part = 0; part < spec.products(); part++) {
        for (int first = 0; first < ROWS; first += rows) {
          long row = (long) part * ROWS + first;
          call(
              call,
              source + row * sourceRow,
              weights + part * aloneWeightBytes,
              expected + row * outRow,
              multiplier + row * multiplierRow);
        }
      }
    }

    /** Runs rows {@code first...} of every part; with lonely, all but the middle row are NaN. */
    private void execute(int tile, int first, boolean lonely) {
      int rows = RowTiles.SIZES[tile];
      for (int part = 0; part < spec.products(); part++) {
        long from = (long) part * ROWS + first;
        long to = (long) part * rows;
        copy(source + from * sourceRow, input + to * sourceRow, (long) rows * sourceRow);
        copy(initial + from * outRow, output + to * outRow, (long) rows * outRow);
        if (lonely) {
          int middle = rows / 2;
          set(input + to * sourceRow, (long) middle * sourceRow);
          set(input + (to + middle + 1) * sourceRow, (long) (rows - middle - 1) * sourceRow);
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
        if (Pointer.memcmp(new Address().at(computed), new Address().at(wanted), bytes) != 0) {
          throw new IllegalStateException(
              ("oneDNN %s (instruction set %s) gives a row of a %s other bits among %d rows than"
                      + " among %d, so results would depend on the batch; use the other compute type"
                      + " or the reference device on this machine")
                  .formatted(OneDnn.version(), OneDnn.isa(), spec, rows, RowTiles.SIZES[0]));
        }
      }
    }

    private static void copy(long from, long to, long bytes) {
      Pointer.memcpy(new Address().at(to), new Address().at(from), bytes);
    }

    private static void set(long at, long bytes) {
      Pointer.memset(new Address().at(at), NAN, bytes);
    }

    @Override
    public void close() {
      Pointer.free(memory);
    }
  }
}
