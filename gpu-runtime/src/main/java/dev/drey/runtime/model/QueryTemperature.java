package dev.drey.runtime.model;

/**
 * Queries grow with their position: {@code 1 + scale * ln(1 + floor((position + 1) / floor))}
 * (scalable softmax, Nakanishi, arXiv 2501.19399, as Llama 4 uses it).
 *
 * @param floor positions per step of the growth
 * @param scale strength
 */
public record QueryTemperature(double floor, double scale) {
  /** Factor on the query at a position. */
  public float factor(int position) {
    float steps = (float) Math.floor((position + 1) / floor);
    return (float) (StrictMath.log1p(steps) * scale + 1);
  }
}
