package dev.drey.runtime.checkpoint;

import java.util.List;

/**
 * What {@code quantization_config} says about numbers that are stored with scales.
 *
 * @param method {@code none}, {@code fp8} or {@code mxfp4}
 * @param blockRows of {@code fp8}: rows that share a scale
 * @param blockColumns of {@code fp8}: columns that share a scale
 */
record Quantisation(String method, int blockRows, int blockColumns) {
  private static final String KEY = "quantization_config";
  private static final int LARGEST_BLOCK = 1 << 16;

  static final Quantisation NONE = new Quantisation("none", 0, 0);

  /**
   * Reads it.
   *
   * @throws dev.drey.runtime.safetensors.ModelFileException if it asks for something that is not
   *     implemented
   */
  static Quantisation read(JsonConfig config) {
    JsonConfig quantisation = config.object(KEY).orElse(null);
    if (quantisation == null) {
      return NONE;
    }
    String method = quantisation.text("quant_method");
    if (method.equals("mxfp4")) {
      return new Quantisation(method, 0, 0);
    }
    if (!method.equals("fp8")) {
      throw quantisation.notImplemented("quant_method", "'fp8' or 'mxfp4'");
    }
    quantisation.requireText("fmt", "e4m3");
    List<Integer> block = quantisation.integers("weight_block_size", 1, LARGEST_BLOCK);
    if (block.size() != 2) {
      throw quantisation.notImplemented("weight_block_size", "rows and columns of a block");
    }
    return new Quantisation(method, block.get(0), block.get(1));
  }

  boolean isFp8() {
    return method.equals("fp8");
  }

  boolean isMxfp4() {
    return method.equals("mxfp4");
  }
}
