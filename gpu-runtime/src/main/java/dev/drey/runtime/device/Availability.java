package dev.drey.runtime.device;

/**
 * Whether a device can be used on this machine, and why not.
 *
 * @param usable whether it can
 * @param cause what the device runs on, or what is missing and what to do about it
 */
public record Availability(boolean usable, String cause) {
  /** The device can be used. */
  public static Availability usable(String what) {
    return new Availability(true, what);
  }

  /** The device cannot be used. */
  public static Availability unusable(String cause) {
    return new Availability(false, cause);
  }
}
