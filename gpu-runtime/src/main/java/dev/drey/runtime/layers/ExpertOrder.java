package dev.drey.runtime.layers;

/**
 * When the experts that a layer needs are computed. Results do not depend on it.
 *
 * <p>After the ablation of Klotski (arXiv 2502.06888, section 5.1 of the published pipeline), whose
 * reordering of experts is {@link #ARRIVAL}.
 */
public enum ExpertOrder {
  /** Each as soon as it is there: resident ones first, then in order of arrival. */
  ARRIVAL,
  /**
   * None before all have arrived, or as many as the window has room for; nothing is brought in for
   * the layer while they compute. Slower; what {@code ARRIVAL} is measured against.
   */
  TOGETHER
}
