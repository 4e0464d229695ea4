package dev.drey.runtime.device;

/** An expert's weights in device memory, stored by their layout. */
public record Expert(ExpertLayout layout, DeviceBuffer slot) {
  /** Gate projection, {@code [intermediate, hidden]}. */
  public Matrix gate() {
    return new Matrix(layout.gate(), slot.slice(0, layout.gate().bytes()));
  }

  /** Up projection, {@code [intermediate, hidden]}. */
  public Matrix up() {
    return new Matrix(layout.up(), slot.slice(layout.upOffset(), layout.up().bytes()));
  }

  /** Down projection, {@code [hidden, intermediate]}. */
  public Matrix down() {
    return new Matrix(layout.down(), slot.slice(layout.downOffset(), layout.down().bytes()));
  }
}
