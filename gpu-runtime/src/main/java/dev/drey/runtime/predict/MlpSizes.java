package dev.drey.runtime.predict;

/**
 * Sizes of the networks of {@code learned.mlp}.
 *
 * @param lookahead layers with experts from the last one a network reads to the one it predicts
 * @param context how many layers a network reads at most
 * @param hidden hidden units
 */
public record MlpSizes(int lookahead, int context, int hidden) {
  /** The next layer from four layers, 64 hidden units. */
  public static final MlpSizes DEFAULT = new MlpSizes(1, 4, 64);

  /** Checks the numbers. */
  public MlpSizes {
    require("lookahead", lookahead, 64);
    require("context", context, 64);
    require("hidden", hidden, 4096);
  }

  private static void require(String name, int found, int most) {
    if (found < 1 || found > most) {
      throw new IllegalArgumentException(
          "%s of a learned predictor: expected 1 to %d, found %d".formatted(name, most, found));
    }
  }
}
