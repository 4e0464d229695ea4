package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;

/**
 * What the routers of a shadow model chose, which runs a step ahead of the model itself: for those
 * rows of the step that continue an answer, in their order. Valid until the next step begins.
 */
public interface ShadowRouting {
  /** Rows the shadow model has run; 0 if no row of the step continues an answer. */
  int rows();

  /**
   * The choice of a layer's router; to be read, not written.
   *
   * @param layer a layer with routed experts
   */
  Routing routing(int layer);
}
