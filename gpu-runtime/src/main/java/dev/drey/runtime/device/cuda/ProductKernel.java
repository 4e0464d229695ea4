package dev.drey.runtime.device.cuda;

import dev.drey.runtime.model.DType;
import java.util.List;

/**
 * One variant of a product with weights. All variants of a name and type give the same bits; they
 * differ in how many rows a tile has.
 *
 * @param name of the kernel
 * @param rows most rows of a tile
 * @param outputs outputs that one block computes
 * @param splitsInputs whether a block's threads follow from the inputs, one warp per chunk
 * @param sharedBytes dynamic shared memory
 */
record ProductKernel(String name, int rows, int outputs, boolean splitsInputs, int sharedBytes) {
  /** Inputs that are summed on their own before they are added to the rest. */
  private static final int CHUNK = 256;

  private static final int FEW_OUTPUTS = 4096;
  private static final int MOST_SPLIT_TILES = 4;
  private static final int WARP = 32;
  private static final int MOST_WARPS = 8;

  static List<ProductKernel> matmul(DType activation) {
    return activation == DType.F32
        ? List.of(
            new ProductKernel("matmul_f32_t8", 8, 32, true, 0),
            new ProductKernel("matmul_f32_t64", 64, 64, false, 0))
        : List.of(
            new ProductKernel("matmul_bf16_t8", 8, 32, true, 0),
            new ProductKernel("matmul_bf16_t16", 16, 32, true, 0),
            new ProductKernel("matmul_bf16_t32", 32, 32, true, 0),
            new ProductKernel("matmul_bf16_t64", 64, 128, false, 49_152),
            new ProductKernel("matmul_bf16_t128", 128, 128, false, 65_536));
  }

  static List<ProductKernel> gateUp(DType activation) {
    return activation == DType.F32
        ? List.of(
            new ProductKernel("gate_up_f32_t8", 8, 16, true, 0),
            new ProductKernel("gate_up_f32_t64", 64, 32, false, 0))
        : List.of(
            new ProductKernel("gate_up_bf16_t8", 8, 16, true, 0),
            new ProductKernel("gate_up_bf16_t16", 16, 16, true, 0),
            new ProductKernel("gate_up_bf16_t32", 32, 16, true, 0),
            new ProductKernel("gate_up_bf16_t64", 64, 64, false, 49_152),
            new ProductKernel("gate_up_bf16_t128", 128, 64, false, 65_536));
  }

  /** Products with float32 weights. */
  static List<ProductKernel> routerLogits() {
    return List.of(
        new ProductKernel("router_logits_t8", 8, 32, true, 0),
        new ProductKernel("router_logits_t64", 64, 64, false, 0));
  }

  /** Which of some variants, in rising order, takes so many rows: the first that holds them. */
  static int index(List<ProductKernel> variants, int rows) {
    int index = 0;
    while (index < variants.size() - 1 && variants.get(index).rows < rows) {
      index++;
    }
    return index;
  }

  /**
   * Which of some variants, in rising order, takes so many rows of one matrix. Up to a few tiles of
   * those that split the inputs, and where few outputs would leave much of the GPU idle, these are
   * faster than one tile of the next.
   */
  static ProductKernel dense(List<ProductKernel> variants, int rows, int outputs) {
    ProductKernel smallest = variants.get(index(variants, rows));
    if (smallest.splitsInputs || outputs > FEW_OUTPUTS) {
      return smallest;
    }
    ProductKernel splitting = smallest;
    for (ProductKernel variant : variants) {
      if (variant.splitsInputs && rows <= MOST_SPLIT_TILES * variant.rows) {
        splitting = variant;
      }
    }
    return splitting;
  }

  /** How it is spread over tiles of rows. */
  Grid grid(int inputs, int allOutputs, int tiles) {
    int chunks = (inputs + CHUNK - 1) / CHUNK;
    int threads = WARP * (splitsInputs ? Math.min(MOST_WARPS, chunks) : MOST_WARPS);
    return new Grid((allOutputs + outputs - 1) / outputs, tiles, 1, threads, 1, sharedBytes);
  }
}
