package dev.drey.runtime.device.cpu;

import org.bytedeco.dnnl.stream;

/** A product compiled for every row tile, with the calls of every worker. */
final class Product implements AutoCloseable {
  private final MatmulSpec spec;
  private final MatmulKernel[] kernels;
  private final MatmulCall[][] calls;

  /**
   * @param tiles how many of {@link RowTiles#SIZES}
   * @param scratchpads one per worker, long enough for every kernel
   */
  Product(OneDnn library, MatmulSpec spec, int tiles, stream[] streams, long[] scratchpads) {
    this.spec = spec;
    this.kernels = new MatmulKernel[tiles];
    this.calls = new MatmulCall[streams.length][tiles];
    for (int tile = 0; tile < tiles; tile++) {
      MatmulSpec tiled = spec.withRows(RowTiles.SIZES[tile]);
      kernels[tile] = new MatmulKernel(tiled, library.describe(tiled));
      for (int worker = 0; worker < streams.length; worker++) {
        calls[worker][tile] =
            new MatmulCall(kernels[tile], library.engine(), streams[worker], scratchpads[worker]);
      }
    }
  }

  /** For the smallest tile. */
  MatmulSpec spec() {
    return spec;
  }

  int tiles() {
    return kernels.length;
  }

  MatmulCall call(int worker, int tile) {
    return calls[worker][tile];
  }

  @Override
  public void close() {
    for (MatmulCall[] ofWorker : calls) {
      for (MatmulCall call : ofWorker) {
        call.close();
      }
    }
    for (MatmulKernel kernel : kernels) {
      kernel.close();
    }
  }
}
