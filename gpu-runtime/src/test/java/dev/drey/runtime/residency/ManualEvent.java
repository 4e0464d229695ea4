package dev.drey.runtime.residency;

import dev.drey.runtime.device.DeviceEvent;

/** An event the test reaches; whoever awaits it makes the device catch up. */
final class ManualEvent implements DeviceEvent {
  private final Runnable onAwait;
  private volatile boolean reached;

  ManualEvent() {
    this(() -> {});
  }

  /**
   * @param onAwait run when somebody waits for the event before it is reached
   */
  ManualEvent(Runnable onAwait) {
    this.onAwait = onAwait;
  }

  void reach() {
    reached = true;
  }

  @Override
  public boolean reached() {
    return reached;
  }

  @Override
  public void await() {
    if (!reached) {
      onAwait.run();
      reached = true;
    }
  }
}
